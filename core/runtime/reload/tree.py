"""What there is to watch in a project, and what differs since the last look."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from runtime.runners.discovery import SOURCE_FOLDERS, is_foreign, is_utf8
from runtime.runners.sources import Signature, signature

_SECOND = 1_000_000_000
_MAX_ENTRIES = 10_000
"""Of one folder: one with more holds data, and its files are not watched."""
_TICK = 10_000_000
"""Nanoseconds in which a file may change twice without a difference in its times."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What a look at a folder has found; `seen` is when, in nanoseconds of the clock that files are stamped by."""

    files: Mapping[str, Signature] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    seen: int = 0
    nameless: frozenset[str] = frozenset()
    """Folders inside that are not looked into: their names are no UTF-8, in which alone the system can be asked."""

    def cannot_tell(self, name: str) -> bool:
        """Whether the file may have changed after this look and still have the same signature."""
        changed = self.files[name][0] if name in self.files else 0
        return changed % _SECOND == 0 or self.seen - changed < _TICK


class Tree:
    """The folders of a project and the signatures of their files.

    Folders that never hold sources are left out (`node_modules`, dot folders, virtual environments); of those that
    one of the `named` files lies in, that file alone counts. Paths are relative to the root with "/" between, "" is
    the root.
    Files may be looked at in any thread, by one at a time.
    """

    def __init__(self, root: Path, named: Collection[str]) -> None:
        self._root = root
        self._named: dict[str, list[str]] = {}
        for path in named:
            folder, _, name = path.rpartition("/")
            self._named.setdefault(folder, []).append(name)
        self._found: dict[str, Folder] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """All folders that have to be watched, each without those inside."""
        return tuple(self._found)

    @property
    def nameless(self) -> frozenset[str]:
        """The paths of the folders that are left out because their names are no UTF-8."""
        return frozenset(_inside(path, name) for path, folder in self._found.items() for name in folder.nameless)

    def look(self) -> frozenset[str]:
        """Looks at everything and gives the paths of the files that have appeared, changed or gone."""
        before, self._found = self._found, dict(self._all(""))
        return frozenset(
            path for folder in before.keys() | self._found.keys() for path in _changed(folder, before, self._found)
        )

    def look_at(self, paths: Collection[str]) -> frozenset[str] | None:
        """The same for the folders of these paths alone, of which something was heard.

        None when folders came or went, and everything has to be looked at.
        """
        folders = {path.rpartition("/")[0] for path in paths} & self._found.keys()
        if not self._found.keys().isdisjoint(paths):
            return None
        fresh = {folder: self._look_into(folder) for folder in folders}
        if any(fresh[folder].folders != self._found[folder].folders for folder in folders):
            return None
        changed = {path for folder in folders for path in _changed(folder, self._found, fresh)}
        changed |= {path for path in paths if self._cannot_tell(path, fresh)}
        self._found.update(fresh)
        return frozenset(changed)

    def is_folder(self, path: str) -> bool:
        """Whether the path is, or was at the last look, a folder to watch."""
        if path in self._found or path in self._named:
            return True
        here, outer = self._root / path, path.rpartition("/")[0]
        return not is_foreign(here.parent if outer else here) and here.is_dir() and not is_foreign(here)

    def _cannot_tell(self, path: str, fresh: Mapping[str, Folder]) -> bool:
        folder, _, name = path.rpartition("/")
        return folder in fresh and name in fresh[folder].files and self._found[folder].cannot_tell(name)

    def _all(self, path: str) -> Iterator[tuple[str, Folder]]:
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if (folder := self._look_into(path)).seen:
                yield path, folder
                waiting += [_inside(path, name) for name in folder.folders]

    def _look_into(self, path: str) -> Folder:
        """What is in a folder now; never seen where there is none, or none that may be read."""
        here, now = self._root / path if path else self._root, time.time_ns()
        if path in self._named and is_foreign(here):
            found = {name: os.path.join(here, name) for name in self._named[path]}
            return Folder(dict(_signatures(found)), seen=now if os.path.isdir(here) else 0)
        try:
            with os.scandir(here) as entries:
                found_here = list(islice(entries, _MAX_ENTRIES + 1))
        except OSError:  # it has gone, or is secret: nothing of it can be loaded
            return Folder()
        inner = frozenset(entry.name for entry in found_here if self._is_entered(path, entry))
        folders = frozenset(filter(is_utf8, inner))
        if len(found_here) > _MAX_ENTRIES:
            return Folder({}, folders, now, inner - folders)
        files = {entry.name: entry.path for entry in found_here if is_counted(path, entry.name)}
        return Folder(dict(_signatures(files)), folders, now, inner - folders)

    def _is_entered(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Whether it is a folder to look into; links are left out, for they may lead back."""
        inner = _inside(path, entry.name)
        if inner in self._named or inner in SOURCE_FOLDERS:
            return os.path.isdir(entry.path)
        return entry.is_dir(follow_symlinks=False) and not is_foreign(Path(entry.path))


def is_counted(folder: str, name: str) -> bool:
    """False for hidden files, `.env` files of the root apart, and for the copies that editors keep."""
    if name.startswith("."):
        return not folder and name.startswith(".env")
    return not name.endswith("~")


def _signatures(files: Mapping[str, str]) -> Iterator[tuple[str, Signature]]:
    for name, path in files.items():
        found = signature(path)
        if found is not None:
            yield name, found


def _changed(folder: str, before: Mapping[str, Folder], now: Mapping[str, Folder]) -> Iterator[str]:
    old, new = (found[folder].files if folder in found else {} for found in (before, now))
    for name in old.keys() | new.keys():
        if old.get(name) != new.get(name):
            yield _inside(folder, name)


def _inside(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
