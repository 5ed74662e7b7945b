"""What SQLite and the file system report, as faults that say what is wrong and how to mend it (one table)."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import StorageFault

_RECOVER = (
    "stop the runtime, keep a copy of the file and of those beside it, save what can be read with "
    "`sqlite3 FILE .recover`, or delete them to begin anew"
)
_FAULTS: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "free some space; what was acknowledged is kept, and writes succeed again as soon as there is room",
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only",
        "give the user that runs the runtime write access to the file and its folder, on a disk that can be written",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _RECOVER),
    sqlite3.SQLITE_NOTADB: ("is no database, or its beginning is damaged", _RECOVER),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk reports an error",
        "look at the system's log and the disk, then start the runtime again",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "check that its folder exists, and that the user that runs the runtime may read and write there",
    ),
    sqlite3.SQLITE_BUSY: (
        "is locked: another program writes to it",
        "end that program; nothing but one runtime may write to this file",
    ),
    sqlite3.SQLITE_TOOBIG: ("cannot hold a value of this size", "store a smaller value"),
    sqlite3.SQLITE_NOMEM: ("cannot be used: there is no memory left", "give the machine more memory, or less to do"),
}
_OTHER = ("cannot be used", "start the runtime again; should it stay so, report this message")
_BY_ERRNO: Mapping[int | None, int] = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_CANTOPEN,
    errno.EPERM: sqlite3.SQLITE_CANTOPEN,
    errno.ENOENT: sqlite3.SQLITE_CANTOPEN,
    errno.ENOTDIR: sqlite3.SQLITE_CANTOPEN,
    errno.EIO: sqlite3.SQLITE_IOERR,
}
_PRIMARY = 0xFF
"""SQLite's extended codes carry the primary one in their lowest byte."""


def storage_fault(path: Path, error: sqlite3.Error | OSError) -> StorageFault:
    """The fault for the database at `path`; the caller raises it from the error."""
    wrong, fix = _FAULTS.get(_code(error), _OTHER)
    return StorageFault(f"the database {path} {wrong} ({error})", fix)


def damage(path: Path, found: str) -> StorageFault:
    """The fault for a database in which something was found wrong, without SQLite's stumbling over it."""
    wrong, fix = _FAULTS[sqlite3.SQLITE_CORRUPT]
    return StorageFault(f"the database {path} {wrong} ({found})", fix)


def _code(error: sqlite3.Error | OSError) -> int:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno, 0)
    code = getattr(error, "sqlite_errorcode", 0)  # what the module itself refuses has none
    return int(code) & _PRIMARY


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise inside into `StorageFault`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise storage_fault(path, error) from error
