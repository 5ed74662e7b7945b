"""The SQLite database under the engine: shared transactions, faults, and what outlives a kill or a power cut."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import pytest

from runtime.clock import SystemClock
from runtime.errors import HostCallRefused, StorageFault
from runtime.records import StateWrite
from runtime.storage.sqlite.database import MAX_WRITES, WAL_CROWDED_BYTES, WAL_LIMIT_BYTES, Database
from runtime.storage.sqlite.files import PAGE_BYTES, WAL_KEPT_BYTES
from runtime.storage.sqlite.migrations import MIGRATIONS
from runtime.storage.sqlite.state import SqliteStateStore
from tests.fakes import settle

Durability = Literal["process", "full"]
NEVER = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runtime" / "runtime.db"


@asynccontextmanager
async def opened(path: Path, durability: Durability = "process", seconds: float = NEVER) -> AsyncIterator[Database]:
    database = Database(path, durability, seconds)
    async with database.open():
        yield database


def store_of(database: Database) -> SqliteStateStore:
    return SqliteStateStore(database, SystemClock())


def put(database: Database, key: str, value: bytes = b"v") -> Awaitable[object]:
    return store_of(database).write(StateWrite("g", key, lambda _: value))


async def keys(database: Database) -> list[str]:
    return list(await store_of(database).keys("g"))


async def outcomes(*writes: Awaitable[object]) -> list[str]:
    """Of each write `stored`, or what it raised."""
    done = await asyncio.gather(*writes, return_exceptions=True)
    return [str(one) if isinstance(one, BaseException) else "stored" for one in done]


async def fault_of_opening(path: Path) -> StorageFault:
    with pytest.raises(StorageFault) as raised:
        async with opened(path):
            raise AssertionError("it could be opened")
    assert str(path) in str(raised.value)
    assert raised.value.fix
    return raised.value


def log_of(path: Path) -> Path:
    return Path(f"{path}-wal")


def bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def place(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


# ------------------------------------------------------------ transactions


async def traced(database: Database, *writes: Awaitable[object]) -> tuple[list[str], list[str]]:
    """The outcomes of writes that begin in one turn, and the statements that open and end transactions."""
    statements: list[str] = []
    database.connection.set_trace_callback(statements.append)
    done = await outcomes(*writes)
    database.connection.set_trace_callback(None)
    return done, [each for each in statements if each in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")]


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_writes_of_one_turn_share_a_transaction(path: Path, durability: Durability) -> None:
    async with opened(path, durability) as database:
        done, transactions = await traced(database, *(put(database, str(number)) for number in range(100)))
        assert done == ["stored"] * 100
        assert transactions == ["BEGIN IMMEDIATE", "COMMIT"]
        assert await keys(database) == [str(number) for number in range(100)]


async def test_a_transaction_is_bounded(path: Path) -> None:
    async with opened(path) as database:
        done, transactions = await traced(database, *(put(database, str(n)) for n in range(2 * MAX_WRITES + 1)))
        assert done == ["stored"] * (2 * MAX_WRITES + 1)
        assert transactions == ["BEGIN IMMEDIATE", "COMMIT"] * 3


async def test_who_stops_waiting_takes_no_other_along(path: Path) -> None:
    async with opened(path, "full") as database:
        gone, stays = (asyncio.ensure_future(put(database, key)) for key in "ab")
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert gone.cancelled()
        assert await keys(database) == ["a", "b"]


async def test_what_is_written_is_read_before_it_is_committed(path: Path) -> None:
    async with opened(path) as database:
        write = asyncio.ensure_future(put(database, "a"))
        await asyncio.sleep(0)
        assert database.connection.in_transaction
        assert await keys(database) == ["a"]
        await write


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_what_is_open_at_the_end_is_committed(path: Path, durability: Durability) -> None:
    async with opened(path, durability) as database:
        write = asyncio.ensure_future(put(database, "a"))
        await asyncio.sleep(0)
    await write
    async with opened(path) as database:
        assert await keys(database) == ["a"]


async def test_a_closed_database_says_so(path: Path) -> None:
    async with opened(path) as database:
        pass
    with pytest.raises(StorageFault, match="is not open"):
        await put(database, "a")


async def test_a_savepoint_undoes_what_is_inside_and_nothing_else(path: Path) -> None:
    async with opened(path) as database:
        store = store_of(database)

        async def step() -> None:
            connection = await database.begin()
            with database.savepoint():
                store.apply(connection, StateWrite("g", "undone", lambda _: b"v"))
                raise HostCallRefused("the second write is refused")

        done, transactions = await traced(database, put(database, "a"), step(), put(database, "b"))
        assert done == ["stored", "the second write is refused", "stored"]
        assert transactions == ["BEGIN IMMEDIATE", "COMMIT"]
        assert await keys(database) == ["a", "b"]


# ------------------------------------------------------------ faults


async def test_a_failed_statement_fails_all_who_share_its_transaction(path: Path) -> None:
    async with opened(path) as database:
        await put(database, "before")
        (pages,) = database.connection.execute("PRAGMA page_count").fetchone()
        database.connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
        done = await outcomes(put(database, "a"), put(database, "big", bytes(10 * PAGE_BYTES)), put(database, "after"))
        assert "the disk is full" in done[0]
        assert done[1] == done[0]
        assert done[2] == "stored"  # it began a transaction of its own
        assert await keys(database) == ["before", "after"]


async def test_each_who_waits_gets_a_fault_of_their_own_with_its_cause(path: Path) -> None:
    async with opened(path) as database:
        database.connection.execute("PRAGMA max_page_count = 1").fetchall()
        writes = [put(database, str(number), bytes(100 * PAGE_BYTES * (number == 2))) for number in range(3)]
        faults = await asyncio.gather(*writes, return_exceptions=True)
        assert len(set(map(id, faults))) == 3
        assert all(isinstance(fault, StorageFault) and fault.fix for fault in faults)
        causes = {fault.__cause__ for fault in faults if isinstance(fault, StorageFault)}
        assert [type(cause) for cause in causes] == [sqlite3.OperationalError]


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_a_failed_commit_fails_all_who_share_it_and_the_next_begins_anew(
    path: Path, durability: Durability
) -> None:
    async with opened(path, durability) as database:
        connection = database.connection
        connection.execute("PRAGMA foreign_keys = ON").fetchall()
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

        async def orphan() -> None:
            (await database.begin()).execute("INSERT INTO child VALUES (1)")
            await database.committed()

        done, transactions = await traced(database, put(database, "a"), orphan(), put(database, "b"))
        assert len(set(done)) == 1
        assert "FOREIGN KEY constraint failed" in done[0]
        assert transactions == ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"]
        assert await outcomes(put(database, "next")) == ["stored"]
        assert await keys(database) == ["next"]


async def test_a_disk_that_does_not_sync_ends_all_writing(path: Path) -> None:
    async with opened(path, "full") as database:
        await put(database, "a")
        reading, writing = os.pipe()
        os.dup2(writing, database._wal)  # what is no file cannot be synced
        os.close(reading)
        os.close(writing)
        first = await outcomes(put(database, "b"), put(database, "c"))
        second = await outcomes(put(database, "d"))
        assert len({*first, *second}) == 1
        assert "cannot be used" in first[0]
        assert "a" in await keys(database)
    async with opened(path, "full") as database:
        assert await outcomes(put(database, "e")) == ["stored"]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of 2 MiB."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own can be mounted only by root, outside of most containers")
    try:
        yield
    finally:
        # Lazily: the frames of an error that is being raised can keep files open.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_a_full_disk_loses_nothing_and_can_be_written_again(tmp_path: Path, durability: Durability) -> None:
    with small_disk(tmp_path / "disk"):
        path, ballast = tmp_path / "disk" / "runtime.db", tmp_path / "disk" / "ballast"
        ballast.write_bytes(bytes(1280 * 1024))
        stored: list[str] = []
        with pytest.raises(StorageFault, match="the disk is full"):  # by the last checkpoint
            async with opened(path, durability) as database:
                while True:
                    names = [f"{len(stored)}-{number}" for number in range(10)]
                    done = await outcomes(*(put(database, name, bytes(5000)) for name in names))
                    if done[0] != "stored":
                        break
                    stored += names
                assert len(set(done)) == 1
                assert "the disk is full" in done[0]
                assert await keys(database) == stored
        ballast.unlink()
        async with opened(path, durability) as database:
            assert await keys(database) == stored
            assert await outcomes(put(database, "again")) == ["stored"]


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write to everything; for the time of the context the process is nobody."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("closed", "said"), [(".", "is read-only"), ("runtime.db", "is read-only"), ("runtime.db.lock", "cannot be opened")]
)
async def test_a_file_or_folder_that_cannot_be_written(closed: str, said: str) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        async with opened(folder / "runtime.db") as database:
            await put(database, "a")
        for each in (folder, folder / "runtime.db", folder / "runtime.db.lock"):
            each.chmod(0o777)
        (folder / closed).chmod(0o555)
        with ordinary_user():
            assert said in str(await fault_of_opening(folder / "runtime.db"))


async def test_what_is_no_database(path: Path) -> None:
    place(path, b"something else entirely\n" * 1000)
    assert "is no database" in str(await fault_of_opening(path))
    assert bytes_of(path) == b"something else entirely\n" * 1000


async def test_a_database_of_another_program(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = bytes_of(path)
    assert "belongs to another program" in str(await fault_of_opening(path))
    assert bytes_of(path) == before


async def test_a_database_of_a_newer_runtime(path: Path) -> None:
    async with opened(path) as database:
        await put(database, "a")
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    fault = await fault_of_opening(path)
    assert f"has version {len(MIGRATIONS) + 1}" in str(fault)
    assert "newer runtime" in fault.fix


async def test_an_empty_file_becomes_a_database(path: Path) -> None:
    place(path, b"")
    async with opened(path) as database:
        assert await outcomes(put(database, "a")) == ["stored"]


async def filled(path: Path) -> None:
    async with opened(path) as database:
        await asyncio.gather(*(put(database, str(number), bytes(500)) for number in range(1000)))


async def test_a_damaged_header(path: Path) -> None:
    await filled(path)
    place(path, b"\xff" * 16 + bytes_of(path)[16:])
    assert "is no database" in str(await fault_of_opening(path))


async def test_damage_in_the_middle_is_told_to_who_meets_it(path: Path) -> None:
    await filled(path)
    content = bytes_of(path)
    place(path, content[: 20 * PAGE_BYTES] + b"\xff" * (len(content) - 20 * PAGE_BYTES))
    async with opened(path) as database:
        with pytest.raises(StorageFault, match="is damaged"):
            await store_of(database).values("g")
        done = await outcomes(*(put(database, str(number), b"new") for number in range(0, 1000, 50)))
        assert any("is damaged" in one for one in done)
        names = [str(number) for number, one in zip(range(0, 1000, 50), done, strict=True) if one == "stored"]
        values = [await store_of(database).get("g", name) for name in names]
        assert values == [b"new"] * len(names)


async def test_a_program_that_writes_to_the_file_is_a_fault_and_passes(path: Path) -> None:
    async with opened(path) as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "another program writes to it" in (await outcomes(put(database, "a")))[0]
        other.execute("ROLLBACK")
        assert await outcomes(put(database, "a")) == ["stored"]
        other.close()


# ------------------------------------------------------------ the log


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_the_log_is_bounded_under_load(path: Path, durability: Durability) -> None:
    largest = 0
    async with opened(path, durability, NEVER) as database:
        for turn in range(60):
            await asyncio.gather(*(put(database, str(key), bytes([turn]) * 100_000) for key in range(32)))
            largest = max(largest, log_of(path).stat().st_size)
        assert [set(value) for value in await store_of(database).values("g")] == [{59}] * 32
    assert WAL_CROWDED_BYTES < largest < WAL_LIMIT_BYTES + 8 * 1024 * 1024
    assert bytes_of(log_of(path)) == b""
    assert len(bytes_of(path)) < 16 * 1024 * 1024


async def test_a_checkpoint_comes_soon_after_a_commit_and_rests_when_there_is_none(path: Path) -> None:
    async with opened(path, seconds=0.0) as database:
        await put(database, "a", b"\x77" * 100_000)
        async with asyncio.timeout(10):
            while bytes_of(path).count(b"\x77") < 100_000:
                await settle()
        await settle()
        assert not database._written.is_set()


async def test_a_log_that_a_kill_left_is_taken_over_and_begins_anew(path: Path) -> None:
    async with opened(path) as database:
        await asyncio.gather(*(put(database, str(key), bytes(PAGE_BYTES)) for key in range(100)))
        files = {name: name.read_bytes() for name in (path, log_of(path))}
    for name, content in files.items():
        name.write_bytes(content)
    assert log_of(path).stat().st_size > 100 * PAGE_BYTES
    async with opened(path) as database:
        assert len(await keys(database)) == 100
        assert log_of(path).stat().st_size < min(WAL_KEPT_BYTES, 3 * PAGE_BYTES)


# ------------------------------------------------------------ other processes, kills

_PROGRAM = """
import asyncio, itertools, sys
from pathlib import Path
from runtime.clock import SystemClock
from runtime.records import StateWrite
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.state import SqliteStateStore

async def main(path, durability):
    database = Database(Path(path), durability, 0.005)
    async with database.open():
        store = SqliteStateStore(database, SystemClock())
        print("ready", flush=True)
        async def write(worker):
            for number in itertools.count():
                await store.write(StateWrite("g", f"{worker}-{number}", lambda _: b"v" * 1000))
                print(f"{worker}-{number}", flush=True)
        await asyncio.gather(*(write(worker) for worker in range(8)))

asyncio.run(main(*sys.argv[1:]))
"""


@contextmanager
def writer(path: Path, durability: Durability) -> Iterator[subprocess.Popen[str]]:
    """A process that writes as fast as it can and says what was acknowledged."""
    command = [sys.executable, "-c", _PROGRAM, str(path), durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


async def test_two_runtimes_cannot_have_it_and_the_second_learns_who_does(path: Path) -> None:
    with writer(path, "process") as process:
        fault = await fault_of_opening(path)
        assert f"is used by another runtime (process {process.pid})" in str(fault)
        assert "stop that runtime" in fault.fix
    async with opened(path) as database:
        assert await outcomes(put(database, "a")) == ["stored"]
        assert "is used by another runtime" in str(await fault_of_opening(path))


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_what_was_acknowledged_outlives_a_kill(path: Path, durability: Durability) -> None:
    acknowledged: list[str] = []
    for count in (1, 100, 1000, 3000):
        with writer(path, durability) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(count)]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().splitlines()
        async with opened(path, durability) as database:
            assert set(acknowledged) <= set(await keys(database))
            assert database.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# ------------------------------------------------------------ power cuts


class Recording:
    """A run under `full`: the files as they were, and how long the log was when each write was acknowledged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.acknowledged: list[tuple[int, str]] = []
        self.database = self.log = b""

    async def write(self, database: Database, number: int, size: int) -> None:
        """Two values that belong together."""
        store = store_of(database)
        connection = await database.begin()
        with database.savepoint():
            for group in ("g", "h"):
                store.apply(connection, StateWrite(group, str(number), lambda _: bytes(size)))
        await database.committed()
        self.acknowledged.append((log_of(self.path).stat().st_size, str(number)))

    async def run(self, rounds: int) -> None:
        """Some writes alone and some in company, some larger than a page."""
        async with opened(self.path, "full") as database:
            for number in range(rounds):
                company = 1 + number % 3
                await asyncio.gather(
                    *(self.write(database, 10 * number + each, 100 + 3000 * (number % 2)) for each in range(company))
                )
            self.database, self.log = self.path.read_bytes(), log_of(self.path).read_bytes()

    def cut(self, size: int, folder: Path) -> Path:
        """What a power cut leaves when only so much of the log had reached the disk."""
        path = folder / "cut.db"
        path.write_bytes(self.database)
        log_of(path).write_bytes(self.log[:size])
        return path

    def check(self, size: int, folder: Path) -> int:
        """Opens what a cut leaves; returns how many writes are there."""
        connection = sqlite3.connect(self.cut(size, folder))
        connection.execute("PRAGMA synchronous = OFF")
        found = {key for (key,) in connection.execute("SELECT key FROM state WHERE group_id = 'g'")}
        others = {key for (key,) in connection.execute("SELECT key FROM state WHERE group_id = 'h'")}
        sound = connection.execute("PRAGMA integrity_check").fetchall()
        connection.close()
        assert sound == [("ok",)], size
        assert found == others, size
        assert {key for length, key in self.acknowledged if length <= size} <= found, size
        return len(found)


async def recorded(path: Path, rounds: int) -> Recording:
    recording = Recording(path)
    await recording.run(rounds)
    assert len(recording.log) == recording.acknowledged[-1][0]
    return recording


async def test_a_log_cut_anywhere_keeps_what_was_acknowledged(path: Path, tmp_path: Path) -> None:
    recording = await recorded(path, 30)
    end = len(recording.log)
    frames = range(32, end + 1, PAGE_BYTES + 24)
    cuts = {min(max(frame + step, 0), end) for frame in frames for step in (-1, 0, 1)}
    cuts |= set(random.Random(3).sample(range(end), 200)) | {0, end}
    found = [recording.check(cut, tmp_path) for cut in sorted(cuts)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, len(recording.acknowledged))


async def test_a_cut_log_is_a_database_for_the_next_runtime(path: Path, tmp_path: Path) -> None:
    recording = await recorded(path, 6)
    for size in random.Random(3).sample(range(len(recording.log)), 20):
        async with opened(recording.cut(size, tmp_path), "full") as database:
            assert {key for length, key in recording.acknowledged if length <= size} <= set(await keys(database))
            assert await outcomes(put(database, "next")) == ["stored"]


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_log_cut_at_every_byte_keeps_what_was_acknowledged(path: Path, tmp_path: Path) -> None:
    recording = await recorded(path, 12)
    found = [recording.check(cut, tmp_path) for cut in range(len(recording.log) + 1)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, len(recording.acknowledged))
