"""Whether two processes can have loaded the same, as far as the signatures of files tell."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection
from pathlib import Path

import anyio.to_thread

from runtime.model import Manifest
from runtime.runners.discovery import LanguageFiles

Signature = tuple[int, int, int, int]
"""Of a file: when it and its entry were last changed (nanoseconds), its size and its number; other ones mean other
contents."""


def signature(path: str | Path) -> Signature | None:
    """The signature of a file, None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # gone since, a link to nothing, or a name that no file can have
        return None
    if stat.S_ISDIR(found.st_mode):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


class Sources:
    """The files that the first process of a generation has loaded, as they were before it began to."""

    def __init__(self, root: Path, is_source: Callable[[str], bool], known: Collection[str]) -> None:
        """`is_source` tells code from what steps write as well; `known` are files that steps are likely to import.

        Paths are relative to the root.
        """
        self.is_source = is_source
        self._root = root
        self._known = known
        self._before: dict[str, Signature | None] = {}
        self._loaded: set[str] = set()
        self._began = 0

    async def begin(self, files: LanguageFiles) -> None:
        """To be called before the process that the others are compared with begins to load these files."""
        self._began = time.time_ns()
        self._before = await self._look_at({*files.steps, *files.streams, *self._known})
        self._loaded = {*files.steps, *files.streams}

    async def learn(self, manifest: Manifest) -> None:
        """To be called when that process has loaded.

        What nobody knew that it would import has been looked at by nobody: where that has changed since the beginning,
        it may have changed before or after it was read, and counts as changed.
        """
        imported = _imports(manifest)
        self._loaded |= imported
        self._note(await self._look_at(imported - self._before.keys()))

    async def replace(self, manifest: Manifest, files: LanguageFiles, since: float) -> None:
        """Has the others compared with another process, which was started at `since` (Unix time) and has loaded."""
        self._began = int(since * 1e9)
        self._loaded = {*files.steps, *files.streams, *_imports(manifest)}
        self._before = {}
        self._note(await self._look_at(self._loaded))

    async def changed(self, manifest: Manifest, files: LanguageFiles) -> list[str]:
        """The files of which a process with this manifest may have loaded something else, in path order."""
        imported = _imports(manifest)
        new = {*files.steps, *files.streams} - self._loaded
        paths = self._loaded | imported
        now = await self._look_at(paths)
        return sorted(new | {path for path in paths if not self._is_as_before(path, now[path])})

    def _is_as_before(self, path: str, now: Signature | None) -> bool:
        if path in self._before:
            return self._before[path] == now
        return self._is_older(now)  # imported by this process alone

    def _is_older(self, found: Signature | None) -> bool:
        return found is not None and found[1] < self._began

    def _note(self, found: dict[str, Signature | None]) -> None:
        """Keeps what has not changed since the beginning; the rest never is as it was."""
        self._before |= {path: each for path, each in found.items() if self._is_older(each)}

    async def _look_at(self, paths: Collection[str]) -> dict[str, Signature | None]:
        return await anyio.to_thread.run_sync(
            lambda: {path: signature(os.path.join(self._root, path)) for path in paths}
        )


def _imports(manifest: Manifest) -> set[str]:
    return {path for entry in (*manifest.steps, *manifest.streams) for path in entry.imports}
