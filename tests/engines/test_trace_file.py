"""The file of traces: what is found in its place, who may read it, faults, and threads that write, read and prune."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runtime.errors import StorageFault
from runtime.model import LogQuery, Retention, TraceQuery
from runtime.storage.sqlite import trace_file
from runtime.storage.sqlite.files import PAGE_BYTES
from runtime.storage.sqlite.trace_file import IDLE_READERS, VERSION
from runtime.storage.sqlite.traces import SqliteTraceStore
from tests.engines.traces import NOW, id_of, line, span

ALL = Retention(10**6, 10**6, 10**9, 2**40)
EVERYTHING = TraceQuery(limit=10**6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runtime" / "traces.db"


def names(store: SqliteTraceStore) -> list[int]:
    return [int(trace.trace_id, 16) for trace in store.traces(EVERYTHING).traces]


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def place(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


async def fill(path: Path, count: int = 200) -> None:
    store = SqliteTraceStore(path)
    async with store.open():
        store.write([span(number, input=bytes(2000)) for number in range(1, count + 1)], [line()] * count)
        assert store.warning == ""


async def test_traces_and_lines_outlive_the_process(path: Path) -> None:
    await fill(path, 3)
    async with (store := SqliteTraceStore(path)).open():
        last = store.logs(LogQuery())[0].id
        (stored,) = store.write([span(4), span(1, 2)], [line("new")])
        assert names(store) == [4, 3, 2, 1]
        assert len(store.spans(id_of(1), 9)) == 2
        assert stored.id > last
        assert len(store.logs(LogQuery())) == 4


async def test_ids_and_places_go_on_after_all_was_forgotten(path: Path) -> None:
    await fill(path)
    async with (store := SqliteTraceStore(path)).open():
        last, place = store.logs(LogQuery())[0].id, store.traces(TraceQuery(limit=1)).next
        store.prune(ALL._replace(traces=0, logs=0), NOW)
    async with (store := SqliteTraceStore(path)).open():
        assert store.write([span(7), span(8)], [line()])[0].id > last
        assert store.traces(TraceQuery(limit=1)).next > place


async def test_nobody_else_may_read_the_files(path: Path) -> None:
    async with (store := SqliteTraceStore(path)).open():
        store.write([span()], [])
        assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_second_runtime_is_told_who_has_the_file(path: Path) -> None:
    async with SqliteTraceStore(path).open():
        with pytest.raises(StorageFault, match=f"used by another runtime .process {os.getpid()}."):
            async with SqliteTraceStore(path).open():
                raise AssertionError("it could be opened")


async def test_what_the_caller_raises_is_not_changed(path: Path) -> None:
    with pytest.raises(OSError, match="of another place"):
        async with SqliteTraceStore(path).open():
            raise OSError("of another place")


async def test_a_closed_store_says_so(path: Path) -> None:
    store = SqliteTraceStore(path)
    for call in (lambda: store.write([span()], []), lambda: store.traces(EVERYTHING), lambda: store.prune(ALL, NOW)):
        with pytest.raises(StorageFault, match="is not open"):
            call()


# ------------------------------------------------------------ what cannot be used


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)


async def spoil(path: Path, how: str) -> None:
    """Leaves a file that cannot be used."""
    path.parent.mkdir(exist_ok=True)
    if how == "no database":
        place(path, b"something else entirely\n" * 1000)
    elif how == "of another program":
        foreign(path)
    else:
        await fill(path)
        if how == "newer":
            change(path, f"PRAGMA user_version = {VERSION + 1}")
        elif how == "older":
            change(path, f"PRAGMA user_version = {VERSION - 1}")
        elif how == "without a table":
            change(path, "DROP TABLE spans")
        else:
            content = bytes_of(path)
            kept = {"a damaged header": 0, "cut": PAGE_BYTES * 3 // 2, "damaged behind the header": 100}[how]
            spoiled = b"" if how == "cut" else b"\xff" * (len(content) - kept)
            place(path, content[:kept] + spoiled)


@pytest.mark.parametrize(
    "how",
    [
        "no database",
        "of another program",
        "newer",
        "older",
        "without a table",
        "a damaged header",
        "cut",
        "damaged behind the header",
    ],
)
async def test_a_file_that_cannot_be_used_is_put_aside(path: Path, how: str) -> None:
    for _ in range(2):  # the second replaces the first
        await spoil(path, how)
        before = bytes_of(path)
        async with (store := SqliteTraceStore(path)).open():
            assert str(path) in store.warning
            assert "traces.db.damaged" in store.warning
            store.write([span(7)], [line("new")])
            assert names(store) == [7]
        aside = path.with_name("traces.db.damaged")
        assert aside.read_bytes() == before
        assert len([each for each in path.parent.iterdir() if "damaged" in each.name]) == 1
        os.unlink(path)


async def test_a_folder_in_its_place_is_named(path: Path) -> None:
    (path / "inside").mkdir(parents=True)
    with pytest.raises(StorageFault, match="is a folder") as raised:
        async with SqliteTraceStore(path).open():
            raise AssertionError("it could be opened")
    assert "move it away" in raised.value.fix
    assert (path / "inside").is_dir()


async def test_an_empty_file_becomes_one_of_traces(path: Path) -> None:
    place(path, b"")
    async with (store := SqliteTraceStore(path)).open():
        store.write([span(7)], [])
        assert (names(store), store.warning) == ([7], "")


async def test_damage_that_is_met_later_begins_the_file_anew(path: Path) -> None:
    mark = b"in the middle" * 100
    async with (store := SqliteTraceStore(path)).open():
        for start in range(1, 1001, 100):
            numbers = range(start, start + 100)
            store.write([span(number, input=mark if number == 500 else bytes(1300)) for number in numbers], [line()])
    content = bytes_of(path)
    page = content.index(mark) // PAGE_BYTES * PAGE_BYTES
    place(path, content[:page] + b"\xff" * PAGE_BYTES + content[page + PAGE_BYTES :])
    async with (store := SqliteTraceStore(path)).open():
        assert store.warning == ""
        assert len(store.spans(id_of(1), 10)) == 1
        with pytest.raises(StorageFault, match="is damaged"):
            store.spans(id_of(500), 10)
        store.write([span(7)], [line("new")])
        assert "is damaged" in store.warning
        assert names(store) == [7]
        assert [record.message for record in store.logs(LogQuery())] == ["new"]


# ------------------------------------------------------------ faults


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
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_is_a_fault_that_passes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        ballast = tmp_path / "disk" / "ballast"
        ballast.write_bytes(bytes(1024 * 1024))
        async with (store := SqliteTraceStore(tmp_path / "disk" / "traces.db")).open():
            written: list[int] = []
            with pytest.raises(StorageFault, match="the disk is full"):
                for number in range(1, 1000):
                    store.write([span(number, input=bytes(5000))], [line(str(number))])
                    written.append(number)
            assert names(store) == written[::-1]
            ballast.unlink()
            store.write([span(5000)], [line("again")])
            assert names(store) == [5000, *written[::-1]]
            assert [record.message for record in store.logs(LogQuery(limit=2))] == ["again", str(written[-1])]


async def test_all_can_be_forgotten_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        async with (store := SqliteTraceStore(tmp_path / "disk" / "traces.db")).open():
            written = 0
            with pytest.raises(StorageFault, match="the disk is full"):
                for written in range(1, 1000):
                    store.write([span(written, input=bytes(5000))], [line(str(written))])
            (tmp_path / "disk" / "ballast").write_bytes(b"")
            last, place = store.logs(LogQuery())[0].id, store.traces(TraceQuery(limit=1)).next
            assert store.clear() == written - 1
            assert names(store) == []
            (stored,) = store.write([span(1), span(2)], [line("again")])
            assert stored.id > last
            assert store.traces(TraceQuery(limit=1)).next > place
            assert {each.stat().st_mode & 0o777 for each in (tmp_path / "disk").glob("traces.db*")} == {0o600}


async def test_ids_go_on_where_a_new_file_could_not_be_begun(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (store := SqliteTraceStore(path)).open():
        (first,) = store.write([span(1)], [line()])

        def fails(_: Path) -> sqlite3.Connection:
            raise OSError(errno.ENOSPC, "no room")

        with monkeypatch.context() as patched:
            patched.setattr(trace_file, "_opened", fails)
            for call in (store.clear, store.clear, lambda: store.write([span(2)], [])):
                with pytest.raises(StorageFault):
                    call()
        (second,) = store.write([span(3)], [line()])
        assert names(store) == [3]
        assert second.id > first.id


async def test_who_reads_while_all_is_forgotten_reads_on(path: Path) -> None:
    async with (store := SqliteTraceStore(path)).open():
        store.write([span(number) for number in range(1, 10)], [])
        with store._file.reading() as connection:
            assert connection.execute("SELECT count(*) FROM traces").fetchone() == (9,)
            assert store.clear() == 9
            store.write([span(77)], [line("new")])
            assert connection.execute("SELECT count(*) FROM spans").fetchone() == (9,)
        assert names(store) == [77]
    async with (store := SqliteTraceStore(path)).open():
        assert (names(store), store.warning) == ([77], "")


async def test_a_batch_that_fails_leaves_nothing_and_its_next_try_all(path: Path) -> None:
    async with (store := SqliteTraceStore(path)).open():
        store.write([span(1)], [line("first")])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageFault, match="another program writes to it"):
                store.write([span(1, 2), span(2)], [line("second")])
            assert names(store) == [1]
            other.execute("ROLLBACK")
        store.write([span(1, 2), span(2)], [line("second")])
        assert names(store) == [2, 1]
        assert next(iter(store.summaries([id_of(1)]))).spans == 2
        assert [record.message for record in store.logs(LogQuery())] == ["second", "first"]


# ------------------------------------------------------------ threads


async def test_one_writes_while_others_read_and_prune(path: Path) -> None:
    done = threading.Event()
    async with (store := SqliteTraceStore(path)).open():

        def write() -> int:
            try:
                for batch in range(60):
                    numbers = range(batch * 50 + 1, batch * 50 + 51)
                    both = [span(number, each, NOW + batch) for number in numbers for each in (1, 2)]
                    store.write(both, [line(f"b{batch} {number}", NOW + batch) for number in range(50)])
            finally:
                done.set()
            return 60

        def read() -> int:
            looks = 0
            while not done.is_set() or not looks:
                for trace in store.traces(TraceQuery(limit=100)).traces:
                    assert trace.spans == 2
                    assert len(store.spans(trace.trace_id, 10)) in (0, 2)  # all or nothing
                records = store.logs(LogQuery(limit=200, text="B"))
                assert [each.id for each in records] == sorted((each.id for each in records), reverse=True)
                looks += 1
            return looks

        def prune() -> int:
            rounds = 0
            while not done.is_set() or not rounds:
                store.prune(ALL._replace(traces=500, logs=700), NOW)
                rounds += 1
            return rounds

        with ThreadPoolExecutor(6) as threads:
            futures = [threads.submit(each) for each in (write, read, read, read, prune)]
            assert all(future.result() > 0 for future in futures)
        store.prune(ALL._replace(traces=500, logs=700), NOW)
        assert names(store) == list(range(3000, 2500, -1))
        assert len(store.logs(LogQuery(limit=5000))) == 700


async def test_readers_beyond_those_that_are_kept_are_closed(path: Path) -> None:
    count = 3 * IDLE_READERS
    everybody = threading.Barrier(count)
    async with (store := SqliteTraceStore(path)).open():
        store.write([span(1)], [])

        def read(_: int) -> int:
            with store._file.reading() as connection:
                everybody.wait()
                return len(connection.execute("SELECT * FROM traces").fetchall())

        with ThreadPoolExecutor(count) as threads:
            assert list(threads.map(read, range(count))) == [1] * count
        assert len(store._file._idle) == IDLE_READERS


async def test_the_file_becomes_shorter_when_all_is_forgotten(path: Path) -> None:
    async with (store := SqliteTraceStore(path)).open():
        for start in range(0, 3000, 500):
            store.write([span(number, input=bytes(20_000)) for number in range(start, start + 500)], [])
        pages = _pages(path)
        assert store.clear() == 3000
        assert _pages(path) < pages // 2
        store.write([span(1)], [])
        store.prune(ALL._replace(bytes=1024**2), NOW)
        assert _pages(path) * PAGE_BYTES <= 1024**2


def _pages(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


async def test_a_search_that_nobody_waits_for_ends_and_the_next_one_does_not(path: Path) -> None:
    looks = 0

    def is_left() -> bool:
        nonlocal looks
        looks += 1
        return True

    async with (store := SqliteTraceStore(path)).open():
        store.write([span(number) for number in range(1, 1001)], [])
        absent = TraceQuery(text="elsewhere")
        with pytest.raises(StorageFault):
            store.traces(absent, is_left)
        assert looks == 1
        assert store.traces(absent).traces == []
        assert store.traces(absent, lambda: False).traces == []
        assert store.warning == ""
