"""Text on its way to a terminal: colours where they are wanted, nothing that steers it, as wide as it looks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TextIO

from rich.cells import cell_len, get_character_cell_size

# Beside those of old: what turns the direction of a line around (U+202A to 2069) or breaks it (U+2028, U+2029).
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_RESET = "\x1b[0m"
_CUT = "..."
_COLUMNS = 120


class Style(StrEnum):
    """How a piece of text looks, as the sequence that begins it."""

    PLAIN = ""
    BOLD = "\x1b[1m"
    DIM = "\x1b[2m"
    RED = "\x1b[31m"
    GREEN = "\x1b[32m"
    YELLOW = "\x1b[33m"
    CYAN = "\x1b[36m"


class Ink:
    """Paints, or does not."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured

    def __call__(self, style: Style, text: str) -> str:
        """The text in a style."""
        return f"{style}{text}{_RESET}" if self._coloured and style else text


def is_coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours are wanted: on a terminal, or where FORCE_COLOR says so, and nowhere under NO_COLOR."""
    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced != "0"
    return is_animated(stream, environ)


def is_animated(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether lines can be drawn over: on a terminal that understands how."""
    return stream.isatty() and environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    """The text with escapes for what would steer a terminal; tabs and ends of lines stay."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def cut(text: str, length: int) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= length else text[: length - len(_CUT)] + _CUT


def columns_of(stream: TextIO) -> int:
    """How wide lines may be now: as wide as the terminal, or as is good to read where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS


def width(text: str) -> int:
    """The columns that a text takes up."""
    return cell_len(text)


def fitted(text: str, columns: int) -> str:
    """As much of the beginning of a text as has room in so many columns."""
    used = 0
    for place, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > columns:
            return text[:place]
    return text
