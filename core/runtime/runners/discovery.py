"""Which files of a project are steps and streams, and whose."""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.model import Problem, Severity
from runtime.runners.manifest import InstalledRunner

SOURCE_FOLDERS = ("steps", "src")
_NEVER_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "python_modules", "site-packages"})
_NEVER_FILES = ("*.test.*", "*.spec.*", "test_*.py", "*_test.py")
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
_ELSEWHERE = f"remove it, or keep it outside of {' and '.join(f'{folder}/' for folder in SOURCE_FOLDERS)}"
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
            if kind := _is_source(file, runners) and _special(os.path.join(root, file)):
                message = f"it is {kind} and no file: whatever imports it may wait for it for ever"
                unusable.append(Problem(printable(file), message, _ELSEWHERE, severity=Severity.WARNING))
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


def _is_source(file: str, runners: Sequence[InstalledRunner]) -> bool:
    name = _name(file)
    return any(fnmatch.fnmatchcase(name, pattern) for runner in runners for pattern in runner.manifest.source_files)


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
    if kind := _special(path):
        return f"it is {kind} and no file, so it is left out", _ELSEWHERE
    return None


def _special(path: str) -> str:
    """What there is in the place of a file, behind a link too; empty for a file, and for what is gone."""
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except OSError:
        return ""
    return "" if kind == stat.S_IFREG else _KINDS.get(kind, "a device")


def is_utf8(name: str) -> bool:
    """False for a name that is no text, as the system may give one of a file."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """The text with escapes for what cannot be printed."""
    return "".join(each if unicodedata.category(each) not in _UNPRINTABLE else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    byte = os.fsencode(character) if unicodedata.category(character) == "Cs" else character.encode()
    return "".join(f"\\x{each:02x}" for each in byte)


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def scan(root: Path) -> Iterator[str]:
    """The files below `steps/` and `src/` that could be anything, relative to the root, in no order.

    Links to folders are not followed; they are among the files.
    """
    for source in SOURCE_FOLDERS:
        for folder, folders, files in os.walk(root / source):
            folders[:] = [name for name in folders if not is_foreign(Path(folder) / name)]
            relative = Path(folder).relative_to(root).as_posix()
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            yield from (f"{relative}/{name}" for name in (*files, *links) if not is_left_out(name))


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
