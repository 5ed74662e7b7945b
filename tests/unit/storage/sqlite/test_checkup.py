"""storage/sqlite/checkup: a look at a database that changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runtime.errors import StorageFault
from runtime.storage.sqlite.checkup import check_up
from runtime.storage.sqlite.migrations import MIGRATIONS, migrate

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of ours with some pages in it."""
    path = tmp_path / "a#b?.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection)
    rows = [("group", str(number), b"value" * 400) for number in range(2000)]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO state (group_id, key, value) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()
    return path


def test_a_whole_one_is_whole(path: Path) -> None:
    before = path.read_bytes()
    assert check_up(path, 30)
    assert path.read_bytes() == before


def test_one_that_is_in_use_is_looked_at_beside(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM state")
    assert check_up(path, 30)
    connection.execute("COMMIT")
    assert check_up(path, 30)
    connection.close()


def test_a_damaged_one_is_told_of(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(20 * PAGE)
        file.write(b"\xff" * 40 * PAGE)
    with pytest.raises(StorageFault, match="is damaged") as caught:
        check_up(path, 30)
    assert ".recover" in caught.value.fix


def test_one_without_its_beginning_is_no_database(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 50)
    with pytest.raises(StorageFault, match="no database, or its beginning is damaged"):
        check_up(path, 30)


def test_a_newer_one_is_not_understood(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StorageFault, match=f"knows them only up to {len(MIGRATIONS)}"):
        check_up(path, 30)


def test_another_programs_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StorageFault, match="belongs to another program"):
        check_up(tmp_path / "other.db", 30)


def test_a_large_one_is_left_when_the_time_is_over(path: Path) -> None:
    assert not check_up(path, 0)


def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match="cannot be opened"):
        check_up(tmp_path / "none.db", 30)
    assert list(tmp_path.iterdir()) == []
