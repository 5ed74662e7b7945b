"""Whether the patterns of `includeFiles` match anything in the project."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from runtime.model import Problem, Severity, Step

_MAX_LOOKED_AT = 10_000
"""Files and folders that are looked at for one pattern; one that matched none of them is not spoken of."""
_MAX_SPELLINGS = 64
"""Patterns that the braces of one stand for; the rest is not looked at."""
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_MAGIC = re.compile(r"[*?\[]")


def unmatched_files(root: Path, steps: Iterable[Step]) -> list[Problem]:
    """A warning for each pattern of a step that matches no file, taken from the step's folder."""
    return [
        Problem(
            step.file,
            f"config.includeFiles[{at}]: '{pattern}' matches no file",
            f"correct it: it is relative to the step's folder, {Path(step.file).parent.as_posix()}",
            severity=Severity.WARNING,
        )
        for step in steps
        for at, pattern in enumerate(step.include_files)
        if not pattern.startswith("!") and not matches(root / Path(step.file).parent, pattern)
    ]


def matches(folder: Path, pattern: str, most: int = _MAX_LOOKED_AT) -> bool:
    """Whether anything is there: `*`, `?`, `[]`, `**`, `{a,b}` and `..` mean what they mean in a shell.

    True as well where there is more to look at than `most`.
    """
    look = _Look(most)
    return any(look.finds(folder, spelling.split("/")) for spelling in spellings(pattern)) or look.left < 0


def spellings(pattern: str) -> Iterator[str]:
    """The pattern without its braces, once for each of their words."""
    waiting = [pattern]
    for _ in range(_MAX_SPELLINGS):
        if not waiting:
            return
        braces = _BRACES.search(spelling := waiting.pop())
        if braces is None:
            yield spelling
        else:
            waiting += [spelling[: braces.start()] + word + spelling[braces.end() :] for word in braces[1].split(",")]


class _Look:
    """Looks for files until so many were looked at."""

    def __init__(self, left: int) -> None:
        self.left = left

    def finds(self, folder: Path, parts: Sequence[str]) -> bool:
        """Whether the parts of a pattern lead to anything from this folder on."""
        self.left -= 1
        if self.left < 0:
            return False
        if not parts:
            return os.path.lexists(folder)
        part, *rest = parts
        if part in ("", "."):
            return self.finds(folder, rest)
        if not _MAGIC.search(part):
            return self.finds(folder / part, rest)
        if part == "**":
            return self.finds(folder, rest) or any(self.finds(inner, parts) for inner in _folders(folder))
        names = (name for name in _names(folder) if fnmatch.fnmatchcase(name, part))
        return any(self.finds(folder / name, rest) for name in names if not name.startswith(".") or part[0] == ".")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # no folder, or a secret one: nothing can be included from there
        return []


def _folders(folder: Path) -> Iterator[Path]:
    """The folders inside; links are left out, for they may lead back."""
    inner = (folder / name for name in _names(folder) if not name.startswith("."))
    return (path for path in inner if path.is_dir() and not path.is_symlink())
