"""Text as it is searched: columns that hold it, and patterns that find it there.

What is found so may be a little too much, never too little: `traces.py` has the last word.
"""

from __future__ import annotations

import re

_BARRED = re.compile(r"[*?\[\]]+")
"""What means something else in a pattern."""
_COMMON = " etaoinsrhldcumfpgwybvk0123456789"
"""Letters by how often they occur; SQLite skips quickly to where a pattern begins, so it had better begin rarely."""
_FREQUENCY = {letter: len(_COMMON) - rank for rank, letter in enumerate(_COMMON)}
_LEAST = 4
"""Characters of a pattern that are kept for the sake of a rare beginning."""


def searchable(text: str) -> str:
    """The text whatever its case, as Unicode folds it, without what SQLite's texts cannot hold; as long as that."""
    folded = text.casefold()
    if "\0" in folded:
        folded = folded.replace("\0", " ")
    if folded.isascii():
        return folded
    return folded.encode("utf-8", "replace").decode()


def pattern(text: str) -> str:
    """The pattern for GLOB that finds all columns of `searchable` text with this text in them."""
    longest = max(_BARRED.split(searchable(text)), key=len)
    starts = range(max(len(longest) - _LEAST, 0) + 1)
    start = min(starts, key=lambda each: _FREQUENCY.get(longest[each : each + 1], 0))
    return f"*{longest[start:]}*"
