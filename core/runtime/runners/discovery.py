"""Which files of a project are steps and streams, and whose."""

from __future__ import annotations

import fnmatch
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.model import Problem
from runtime.runners.manifest import InstalledRunner

SOURCE_FOLDERS = ("steps", "src")
_NEVER_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "python_modules", "site-packages"})
_NEVER_FILES = ("*.test.*", "*.spec.*", "test_*.py", "*_test.py")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of what would end a line, steer a terminal or be no text at all."""


@dataclass(frozen=True, slots=True)
class LanguageFiles:
    """The files of one language, relative to the project root with "/" as separator, in path order."""

    steps: tuple[str, ...]
    streams: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.steps or self.streams)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is to load in a project at one moment."""

    files: Mapping[str, LanguageFiles]
    """By language."""
    unusable: tuple[Problem, ...]
    """One for each step and stream that no runner can be given, under a name that can be shown anywhere."""
    scanned: tuple[str, ...]
    """All that was found, steps or not, in path order."""

    @property
    def count(self) -> int:
        """Step and stream files that can be loaded."""
        return sum(len(each.steps) + len(each.streams) for each in self.files.values())


def discover(root: Path, runners: Sequence[InstalledRunner]) -> Discovery:
    """Scans `steps/` and `src/` once; a file belongs to the first runner whose pattern fits its name."""
    found: dict[str, tuple[list[str], list[str]]] = {runner.manifest.language: ([], []) for runner in runners}
    unusable = []
    scanned = tuple(sorted(scan(root)))
    for file in scanned:
        owner = _owner(file, runners)
        if owner is None:
            continue
        fault = _fault(root, file)
        if fault is not None:
            unusable.append(Problem(printable(file), *fault))
            continue
        steps, streams = found[owner.manifest.language]
        (steps if owner.takes_step(_name(file)) else streams).append(file)
    files = {language: LanguageFiles(tuple(steps), tuple(streams)) for language, (steps, streams) in found.items()}
    return Discovery(files, tuple(unusable), scanned)


def find_files(root: Path, runners: Sequence[InstalledRunner]) -> dict[str, LanguageFiles]:
    """The files that can be loaded, by language."""
    return dict(discover(root, runners).files)


def _owner(file: str, runners: Sequence[InstalledRunner]) -> InstalledRunner | None:
    name = _name(file)
    return next((runner for runner in runners if runner.takes_step(name) or runner.takes_stream(name)), None)


def _fault(root: Path, file: str) -> tuple[str, str] | None:
    """Why a file cannot be used, and what to do."""
    bad = {unicodedata.category(character) for character in file} & _UNPRINTABLE
    if "Cs" in bad:  # what Python makes of bytes that are no UTF-8
        return "the name of the file is not UTF-8, so it is left out", "rename it"
    if bad:
        return "the name of the file has control characters in it, so it is left out", "rename it"
    path = os.path.join(root, file)
    if os.path.islink(path) and not os.path.exists(path):
        return f"it is a link to '{printable(os.readlink(path))}', which is not there", "correct the link, or remove it"
    return None


def printable(text: str) -> str:
    """The text with escapes for what cannot be printed."""
    return "".join(each if unicodedata.category(each) not in _UNPRINTABLE else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    byte = os.fsencode(character) if unicodedata.category(character) == "Cs" else character.encode()
    return "".join(f"\\x{each:02x}" for each in byte)


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def scan(root: Path) -> Iterator[str]:
    """The files below `steps/` and `src/` that could be anything, relative to the root, in no order."""
    for source in SOURCE_FOLDERS:
        for folder, folders, files in os.walk(root / source):
            folders[:] = [name for name in folders if not is_foreign(Path(folder) / name)]
            relative = Path(folder).relative_to(root).as_posix()
            yield from (f"{relative}/{name}" for name in files if not is_left_out(name))


def is_foreign(folder: Path) -> bool:
    """True for a folder that is never looked into: it belongs to a tool, is hidden, or closed to this user."""
    if has_foreign_name(folder.name):
        return True
    try:
        return (folder / "pyvenv.cfg").exists()
    except OSError:  # a folder that may be listed at most; `exists` tells False for what is not there
        return True


def has_foreign_name(folder: str) -> bool:
    """The same as far as the name of the folder tells."""
    return folder in _NEVER_FOLDERS or folder.startswith(".")


def is_left_out(name: str) -> bool:
    """True for the name of a file that is no part of the project: it is hidden, or a test."""
    return name.startswith(".") or bool(left_out_by(name))


def left_out_by(name: str) -> str:
    """The pattern of tests that the name fits; empty for none."""
    return next((pattern for pattern in _NEVER_FILES if fnmatch.fnmatchcase(name, pattern)), "")
