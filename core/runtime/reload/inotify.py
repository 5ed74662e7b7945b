"""Linux's own notices, read by the event loop: no thread, no work while nothing happens, no delay."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from runtime.reload.notices import Heard, Refused

# Of <sys/inotify.h>: attributes, writes, ends of writing, moves, births and deaths in a folder and of itself.
_CHANGES = 0x004 | 0x002 | 0x008 | 0x040 | 0x080 | 0x100 | 0x200 | 0x400 | 0x800
_ONLY_FOLDERS = 0x01000000
_OVERFLOW, _IGNORED = 0x4000, 0x8000
_EVENT = struct.Struct("iIII")
_READ_BYTES = 256 * 1024
_LIMITS = {
    errno.ENOSPC: "fs.inotify.max_user_watches is used up",
    errno.EMFILE: "fs.inotify.max_user_instances or the limit of open files is used up",
}
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES})


def is_there() -> bool:
    """Whether this system has them."""
    return sys.platform == "linux"


class Inotify:
    """Notices by inotify; a folder that is listened to costs one of the user's watches."""

    lag = 0.0

    def __init__(self, root: Path, heard: Heard) -> None:
        self._root = root
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._c = ctypes.CDLL(None, use_errno=True)
        self._folders: dict[int, str] = {}
        self._descriptor = -1

    def listen(self, folders: Sequence[str]) -> None:
        """See `Notices`."""
        if self._descriptor < 0:
            self._open()
        fresh = {self._add(folder): folder for folder in folders}
        for watch in self._folders.keys() - fresh.keys():
            self._c.inotify_rm_watch(self._descriptor, watch)
            self._folders.pop(watch, None)

    def close(self) -> None:
        """See `Notices`."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        descriptor = self._c.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if descriptor < 0:
            raise _refused()
        self._descriptor = descriptor
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._read)

    def _add(self, folder: str) -> int:
        path = os.fsencode(os.path.join(self._root, folder))
        watch: int = self._c.inotify_add_watch(self._descriptor, path, _CHANGES | _ONLY_FOLDERS)
        if watch < 0:
            if ctypes.get_errno() in _GONE:
                raise FileNotFoundError(folder)
            raise _refused()
        self._folders[watch] = folder
        return watch

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        paths = set(self._paths(data))
        self._heard(None if None in paths else [path for path in paths if path is not None])

    def _paths(self, data: bytes) -> Iterator[str | None]:
        at = 0
        while at < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length
            if mask & _IGNORED:
                self._folders.pop(watch, None)
            elif mask & _OVERFLOW or watch not in self._folders:
                yield None
            else:
                yield "/".join(filter(None, (self._folders[watch], name)))


def _refused() -> Refused:
    number = ctypes.get_errno()
    return Refused(_LIMITS.get(number, os.strerror(number)))
