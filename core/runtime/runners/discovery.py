"""Which files of a project are steps and streams, and whose."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.runners.manifest import InstalledRunner

SOURCE_FOLDERS = ("steps", "src")
_NEVER_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "python_modules", "site-packages"})
_NEVER_FILES = ("*.test.*", "*.spec.*", "test_*.py", "*_test.py")


@dataclass(frozen=True, slots=True)
class LanguageFiles:
    """The files of one language, relative to the project root with "/" as separator, in path order."""

    steps: tuple[str, ...]
    streams: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.steps or self.streams)


def find_files(root: Path, runners: Sequence[InstalledRunner]) -> dict[str, LanguageFiles]:
    """Scans `steps/` and `src/` once; a file belongs to the first runner whose pattern fits its name."""
    names = sorted(_scan(root))
    found: dict[str, tuple[list[str], list[str]]] = {runner.manifest.language: ([], []) for runner in runners}
    for file in names:
        name = file.rpartition("/")[2]
        for runner in runners:
            steps, streams = found[runner.manifest.language]
            if runner.takes_step(name):
                steps.append(file)
                break
            if runner.takes_stream(name):
                streams.append(file)
                break
    return {language: LanguageFiles(tuple(steps), tuple(streams)) for language, (steps, streams) in found.items()}


def _scan(root: Path) -> Iterator[str]:
    for source in SOURCE_FOLDERS:
        for folder, folders, files in os.walk(root / source):
            folders[:] = [name for name in folders if not _is_foreign(Path(folder) / name)]
            relative = Path(folder).relative_to(root).as_posix()
            yield from (f"{relative}/{name}" for name in files if not _is_ignored(name))


def _is_foreign(folder: Path) -> bool:
    return folder.name in _NEVER_FOLDERS or folder.name.startswith(".") or (folder / "pyvenv.cfg").exists()


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or any(fnmatch.fnmatchcase(name, pattern) for pattern in _NEVER_FILES)
