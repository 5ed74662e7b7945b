"""The tables, by version; a version that was released never changes, the next one is a new entry."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runtime.errors import StorageFault
from runtime.storage.sqlite.rows import SCHEMA as EVENTS
from runtime.storage.sqlite.text_rows import BEGINNINGS
from runtime.storage.sqlite.text_rows import SCHEMA as TEXTS

APPLICATION_ID = 0x72746D65
"""Stands in the file's header and tells our databases from others."""

# Names of groups, keys and the like are ANY: text, or the bytes of what is no valid text (see names.py).
_STORES = """
CREATE TABLE state (
    place INTEGER PRIMARY KEY, group_id ANY NOT NULL, key ANY NOT NULL, value BLOB NOT NULL,
    UNIQUE (group_id, key)
) STRICT;
CREATE TABLE stream_items (
    place INTEGER PRIMARY KEY, stream ANY NOT NULL, group_id ANY NOT NULL, id ANY NOT NULL, item BLOB NOT NULL,
    UNIQUE (stream, group_id, id)
) STRICT;
CREATE TABLE ticks (schedule ANY PRIMARY KEY NOT NULL, tick REAL NOT NULL) STRICT, WITHOUT ROWID;
"""

# Values of before have version 1, and the bound of all versions is that; `until` is 0 for a value that stays.
_STATE_IN_FULL = """
ALTER TABLE state ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE state ADD COLUMN until REAL NOT NULL DEFAULT 0;
CREATE INDEX state_by_end ON state (until) WHERE until > 0;
CREATE TABLE versions (reserved INTEGER NOT NULL) STRICT;
INSERT INTO versions VALUES (1);
CREATE TABLE deleted_items (
    stream ANY NOT NULL, group_id ANY NOT NULL, id ANY NOT NULL, deleted REAL NOT NULL,
    PRIMARY KEY (stream, group_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_items_by_time ON deleted_items (deleted);
"""

# Deletes are numbered, so that the oldest can go when there are too many.
_DELETED_IN_ORDER = """
ALTER TABLE deleted_items RENAME TO deleted_before;
CREATE TABLE deleted_items (
    place INTEGER PRIMARY KEY, stream ANY NOT NULL, group_id ANY NOT NULL, id ANY NOT NULL, deleted REAL NOT NULL,
    UNIQUE (stream, group_id, id)
) STRICT;
INSERT INTO deleted_items (stream, group_id, id, deleted)
    SELECT stream, group_id, id, deleted FROM deleted_before ORDER BY deleted;
DROP TABLE deleted_before;
"""

MIGRATIONS = (_STORES + EVENTS, _STATE_IN_FULL + TEXTS, _DELETED_IN_ORDER, BEGINNINGS)


def check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Raises `StorageFault` when the database is another program's or of a newer runtime; changes nothing."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise StorageFault(
            f"the database {path} belongs to another program",
            "move it away; the runtime makes its own there",
        )
    if version > len(MIGRATIONS):
        raise StorageFault(
            f"the database {path} has version {version}, but this runtime knows them only up to {len(MIGRATIONS)}",
            "a newer runtime has written it: install that one again, or move the file away to begin anew",
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the tables to the newest version; each step is done in full or not at all."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\n"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        )
