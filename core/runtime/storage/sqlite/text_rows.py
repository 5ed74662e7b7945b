"""The tables of text streams, and every statement on them."""

from __future__ import annotations

# A text is kept in chunks of equal size, the last one shorter: however small its pieces are, it is soon removed.
SCHEMA = """
CREATE TABLE texts (
    place INTEGER PRIMARY KEY, id ANY NOT NULL UNIQUE, length INTEGER NOT NULL, closed INTEGER NOT NULL,
    written REAL NOT NULL
) STRICT;
CREATE INDEX texts_by_time ON texts (written);
CREATE TABLE text_chunks (
    place INTEGER PRIMARY KEY, text INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
    UNIQUE (text, number)
) STRICT;
"""
# When the text began, by which later ones of the same id are told from it; of those of before nobody knows.
BEGINNINGS = "ALTER TABLE texts ADD COLUMN began INTEGER NOT NULL DEFAULT 0;"
CHUNK_BYTES = 4000
"""Just under a page of the database, which a row of this size fills."""

FIND = "SELECT place, length, closed, began FROM texts WHERE id = ?"
BEGIN = "INSERT INTO texts (id, length, closed, written, began) VALUES (?, 0, 0, ?, ?)"
GROW = "UPDATE texts SET length = ?, written = ? WHERE place = ?"
CLOSE = "UPDATE texts SET closed = 1, written = ? WHERE place = ?"
CHUNKS = "SELECT data FROM text_chunks WHERE text = ? AND number BETWEEN ? AND ? ORDER BY number"
PUT = """INSERT INTO text_chunks (text, number, data) VALUES (?, ?, ?)
    ON CONFLICT (text, number) DO UPDATE SET data = excluded.data"""
OLDEST = "SELECT place FROM texts WHERE written < ? ORDER BY written LIMIT ?"
REMOVE_CHUNKS = "DELETE FROM text_chunks WHERE text = ?"
REMOVE = "DELETE FROM texts WHERE place = ?"
