"""Looking whether a database is whole, without changing it; also one that is in use."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from runtime.storage.sqlite.faults import damage, faults_of
from runtime.storage.sqlite.files import BUSY_SECONDS
from runtime.storage.sqlite.migrations import check_ours

_STEPS_BETWEEN_LOOKS = 10_000
"""Of SQLite's machine, between two looks at the clock."""


def check_up(path: Path, seconds: float) -> bool:
    """True when the database is whole, ours and of a known version; false when the time was too short to tell.

    Raises `StorageFault` that says what is wrong.
    """
    ends = time.monotonic() + seconds
    with (
        faults_of(path),
        closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", timeout=BUSY_SECONDS, uri=True)) as connection,
    ):
        check_ours(connection, path)
        connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return False
            raise
    if found != ["ok"]:
        raise damage(path, "; ".join(found))
    return True
