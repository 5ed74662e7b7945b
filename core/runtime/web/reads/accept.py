"""Which of several media types a client would rather have (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?=;|$)", re.IGNORECASE)


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered type that the header names with the highest quality, of several the first offered.

    Where it names none, or only with wildcards, that is the first offered too: nobody gets an answer without an end
    who has not asked for it by name.
    """
    named = dict(map(_weighed, accept.lower().split(",")))
    wanted = max(offered, key=lambda type: named.get(type, 0.0))
    return wanted if named.get(wanted, 0.0) else offered[0]


def _weighed(element: str) -> tuple[str, float]:
    """A media type and its quality, 1 without one."""
    quality = _QUALITY.search(element)
    return element.partition(";")[0].strip(), float(quality[1]) if quality is not None else 1.0
