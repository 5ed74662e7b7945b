"""Reading the project's files without waiting for ever: what stands under a file's name may be a named pipe."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
_PIECE_BYTES = 64 << 10


def read_file(path: Path, patience: float = 0.0) -> bytes:
    """The whole content of a file.

    With `patience` also that of a named pipe, whose writer has so many seconds for all of it. Raises `OSError`, also
    for whatever else is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
    with open(descriptor, "rb", buffering=0) as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return file.readall()
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if stat.S_ISFIFO(mode) and patience:
            return _piped(descriptor, patience)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def _piped(descriptor: int, patience: float) -> bytes:
    until = time.monotonic() + patience
    writer = select.poll()
    writer.register(descriptor, select.POLLIN)
    data = b""
    while writer.poll(max(0.0, until - time.monotonic()) * 1000):
        piece = os.read(descriptor, _PIECE_BYTES)
        if not piece:
            return data
        data += piece
    raise TimeoutError(errno.ETIMEDOUT, f"it is a named pipe, and nobody has written all of it within {patience:g} s")
