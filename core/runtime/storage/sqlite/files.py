"""The database's files: who may use them, how they are opened, when they are on the disk."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from runtime.errors import StorageFault

BUSY_SECONDS = 0.25
"""How long a statement waits for a program that should not be there."""
PAGE_BYTES = 4096
CACHE_BYTES = 16 * 1024 * 1024
WAL_KEPT_BYTES = 8 * 1024 * 1024
"""From this size on the write-ahead log begins anew after a checkpoint; so much of its file is kept for that."""

_PRAGMAS = (
    "synchronous = NORMAL",
    "wal_autocheckpoint = 0",
    "temp_store = MEMORY",
    "mmap_size = 0",  # with a map, a fault of the disk would be a signal that ends the process
    f"cache_size = -{CACHE_BYTES // 1024}",
    f"journal_size_limit = {WAL_KEPT_BYTES}",
    "secure_delete = OFF",  # some builds clear what is deleted, which doubles the log
)
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: there fsync leaves data in the drive's cache

_C = TypeVar("_C", bound=sqlite3.Connection)


@contextmanager
def held_alone(path: Path) -> Iterator[None]:
    """Keeps every other runtime from the database, also one that waits inside a container on the same disk.

    The lock ends with the process, whatever ends it; its file stays. Raises `StorageFault` when another has it.
    """
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StorageFault(
                f"the database {path} is used by another runtime (process {owner})",
                "stop that runtime first, or run this one in another folder",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def make_folder(path: Path, durable: bool) -> None:
    """Makes the folder for its owner alone; a durable one is on the disk with all that had to be made above it."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if durable:
        for folder in missing:
            sync_folder(folder.parent)


def connect(path: Path, factory: type[_C]) -> _C:
    """Opens a connection that begins no transaction by itself; threads may use it in turn."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=factory
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def sync_file(descriptor: int) -> None:
    """Returns when all that was written to the file is on the disk."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(descriptor, _FULL_SYNC)
    else:
        os.fdatasync(descriptor)


def sync_folder(path: Path) -> None:
    """Returns when the folder's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
