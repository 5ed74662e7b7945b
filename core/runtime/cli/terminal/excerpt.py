"""The lines of a source file around a fault, with a mark under its column."""

from __future__ import annotations

import stat
from pathlib import Path

from runtime.cli.ink import Ink, Style, fitted, printable, width

_BEFORE, _AFTER = 2, 1
_TAB = 4
_CUT = "..."
_LEAST_COLUMNS = 30
_LONG = 2000
"""Characters of a line that are looked at; no terminal is as wide."""
_MAX_BYTES = 4 * 1024 * 1024
"""A file that is longer is not read: nobody has written it by hand."""


def excerpt(path: Path, line: int, column: int, columns: int, ink: Ink) -> list[str]:
    """Two lines before, the line itself and one behind, at most so many columns wide.

    `line` and `column` count from 1; without a column (0) nothing is marked in the line. Empty where the file has no
    such line, cannot be read or is no text.
    """
    lines = _lines(path)
    if not 0 < line <= len(lines):
        return []
    first, last = max(1, line - _BEFORE), min(len(lines), line + _AFTER)
    gutter = len(str(last))
    room = max(_LEAST_COLUMNS, columns - gutter - 5)
    shown = []
    for number in range(first, last + 1):
        mark, style = (">", Style.RED) if number == line else (" ", Style.DIM)
        before, behind = _split(lines[number - 1], column if number == line else 0)
        before, text = _fitted(before, behind, room)
        shown.append(f"{ink(style, f'{mark} {number:>{gutter}} |')} {text}".rstrip())
        if number == line and column:
            shown.append(ink(style, f"  {'':>{gutter}} | {' ' * width(before)}^"))
    return shown


def _lines(path: Path) -> list[str]:
    """The lines of a text file, none for anything else."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            return []
        data = path.read_bytes()
    except (OSError, ValueError):
        return []
    if b"\0" in data:
        return []
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _split(line: str, column: int) -> tuple[str, str]:
    """What stands before the column and from it on, as they are shown; of an endless line the part around it."""
    start = max(0, min(column, len(line)) - _LONG // 2)
    line, column = line[start : start + _LONG], column - start
    shown, before = "", ""
    for place, character in enumerate(line):
        if place == column - 1:
            before = shown
        shown += " " * (_TAB - width(shown) % _TAB) if character == "\t" else printable(character)
    if column > len(line):
        before = shown
    return before, shown[len(before) :]


def _fitted(before: str, behind: str, room: int) -> tuple[str, str]:
    """What stands before the column in the end, and the whole line, cut where it is too long."""
    if width(before) + min(width(behind), room // 3) > room:
        before = _CUT + fitted(before[::-1], room // 2)[::-1]
    return before, before + _cut(behind, room - width(before))


def _cut(text: str, columns: int) -> str:
    return text if width(text) <= columns else fitted(text, max(0, columns - len(_CUT))) + _CUT
