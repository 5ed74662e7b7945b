"""Identifiers: random, hexadecimal, not secret; and those that a request brings along."""

from __future__ import annotations

import random
import re

_bits = random.SystemRandom().getrandbits
_generator = random.Random(_bits(256))
# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid. Version 00 ends here.
_TRACEPARENT = re.compile(
    r"(?:00(?=.{53}\Z)|(?!00|ff)[0-9a-f]{2})-(?!0{32})(?P<trace_id>[0-9a-f]{32})"
    r"-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)


def new_trace_id() -> str:
    """32 hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    return f"{_generator.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hex digits, never all zero."""
    return f"{_generator.getrandbits(64) or 1:016x}"


def trace_of(traceparent: object) -> tuple[str, list[tuple[bytes, bytes]]]:
    """The trace id of a request, and the headers by which its client learns of it.

    `traceparent` is the request's header; a trace begins here without one (None) and with one that is not valid.
    """
    parent = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if parent is None:
        trace_id = new_trace_id()
        return trace_id, [(b"x-trace-id", trace_id.encode())]
    trace_id = parent["trace_id"]
    told = f"00-{trace_id}-{new_span_id()}-{parent['flags']}"
    return trace_id, [(b"x-trace-id", trace_id.encode()), (b"traceparent", told.encode())]
