"""Numbers and lists as people write them."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """Such as `1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Such as `node`, `node and python`, `node, python and ruby`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
