"""Whether a path fits a pattern of `includeFiles`; no file is looked at, for it may be gone."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from runtime.runners.included import spellings

_PARTS = re.compile(r"(?P<deep>\*\*/)|(?P<all>\*\*)|(?P<any>\*)|(?P<one>\?)|(?P<set>\[[^]/]+\])|.", re.DOTALL)
_MEANINGS = {"deep": "(?:[^/]+/)*", "all": ".*", "any": "[^/]*", "one": "[^/]"}
_MAX_COMPILED = 4096


def from_root(folder: str, pattern: str) -> str:
    """A pattern that is relative to a folder of the project, relative to the root; empty when it leads out of it."""
    path = posixpath.normpath(posixpath.join(folder, pattern))
    return "" if path.startswith(("../", "/")) or path in ("..", ".") else path


def matches(path: str, pattern: str) -> bool:
    """Whether `*`, `?`, `[]`, `**` and `{a,b}` of the pattern stand for the path, or for a folder that it is in."""
    return any(expression.fullmatch(path) for expression in _expressions(pattern))


@lru_cache(_MAX_COMPILED)
def _expressions(pattern: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_compiled(spelling) for spelling in spellings(pattern))


def _compiled(spelling: str) -> re.Pattern[str]:
    text = "".join(map(_meaning, _PARTS.finditer(spelling)))
    try:
        return re.compile(f"{text}(?:/.*)?", re.DOTALL)
    except re.error:  # such as a set that runs backwards
        return re.compile(re.escape(spelling))


def _meaning(part: re.Match[str]) -> str:
    kind, text = part.lastgroup, part[0]
    if kind == "set":
        return f"[^{text[2:]}" if text[1] == "!" else text
    return _MEANINGS[kind] if kind else re.escape(text)
