"""Versions of values, and writes that ask for one, of every engine."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.config import BusSettings, StreamSettings
from runtime.contracts import StateStore
from runtime.errors import StorageFault, VersionConflict
from runtime.records import Change, Entry, StateClear, StateWrite, StreamWrite, Written
from runtime.storage.sqlite.engine import SqliteEngine
from runtime.storage.sqlite.migrations import APPLICATION_ID, MIGRATIONS
from tests.engines.conftest import DURABLE, Opened
from tests.fakes import FakeClock


async def put(state: StateStore, value: bytes | None, if_version: int | None = None, key: str = "k") -> Written:
    until = None if value is None else 0.0
    return await state.write(StateWrite("g", key, lambda _: value, until, if_version))


async def version(state: StateStore, key: str = "k") -> int:
    """The value's version, 0 for none."""
    entry = await state.entry("g", key)
    return 0 if entry is None else entry.version


async def test_every_write_has_a_version_of_its_own(state: StateStore, clock: FakeClock) -> None:
    assert await state.entry("g", "k") is None
    seen = []
    for seconds in (0, 0, 60, -3600, 0):
        await clock.advance(seconds)
        await put(state, b"v")
        seen.append(await version(state))
    assert seen[0] > 0
    assert sorted(set(seen)) == seen
    assert await state.entry("g", "k") == Entry(b"v", seen[-1])


async def test_a_version_is_not_used_again_when_the_value_is_gone(state: StateStore) -> None:
    await put(state, b"1")
    first = await version(state)
    await put(state, None)
    await put(state, b"2")
    second = await version(state)
    await state.clear(StateClear("g"))
    await put(state, b"3")
    assert first < second < await version(state) < 2**53


@pytest.mark.parametrize("name", DURABLE)
async def test_a_version_is_not_used_again_by_the_next_process(opened: Opened, clock: FakeClock) -> None:
    seen: list[int] = []
    for _ in range(3):
        async with opened() as engine:
            for _ in range(3):
                await put(engine.state, b"v")
                seen.append(await version(engine.state))
            await put(engine.state, None)
        clock._now -= 3600  # the machine's clock was set back meanwhile
    assert sorted(set(seen)) == seen


@pytest.mark.parametrize("name", DURABLE)
async def test_a_version_is_not_used_again_when_its_reservation_was_undone(opened: Opened, clock: FakeClock) -> None:
    def refuse(before: bytes | None) -> bytes:
        raise StorageFault("no")

    async with opened() as engine:
        with pytest.raises(StorageFault):
            await engine.commit([StateWrite("g", "k", lambda _: b"v"), StreamWrite("s", "g", "i", refuse)])
        await put(engine.state, b"1")
        first = await version(engine.state)
        await put(engine.state, None)
    async with opened() as engine:
        await put(engine.state, b"2")
        assert first < await version(engine.state)


async def test_a_write_that_asks_for_the_version_there_is_done(state: StateStore) -> None:
    await put(state, b"1", if_version=0)
    await put(state, b"2", if_version=await version(state))
    assert await put(state, None, if_version=await version(state)) == Written(b"2", None)
    assert await put(state, b"3", if_version=0) == Written(None, b"3")


async def test_a_write_that_asks_for_another_version_is_refused_and_changes_nothing(state: StateStore) -> None:
    await put(state, b"1")
    known = await version(state)
    for asked in (0, known - 1, known + 1, 1):
        with pytest.raises(VersionConflict, match=f"'g' / 'k' has version {known}, but ifVersion"):
            await put(state, b"2", asked)
    assert await state.entry("g", "k") == Entry(b"1", known)
    with pytest.raises(VersionConflict, match="'g' / 'other' is not there, but ifVersion is 7"):
        await put(state, b"2", 7, key="other")
    assert list(await state.keys("g")) == ["k"]


async def test_of_many_who_ask_for_one_version_one_is_first(state: StateStore) -> None:
    """Also where all write the same single byte, which is the very same object in memory."""
    await put(state, b"\xc3")
    known = await version(state)
    done = await asyncio.gather(*(put(state, b"\xc3", known) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, Written) for one in done) == 1
    assert sum(isinstance(one, VersionConflict) for one in done) == 19


def same(value: bytes | None) -> bytes | None:
    return value


def gone(value: bytes | None) -> None:
    return None


@pytest.mark.parametrize(("before", "change"), [(b"v", same), (b"", same), (None, same), (None, gone)])
async def test_a_change_that_gives_what_it_was_given_leaves_everything_as_it_was(
    state: StateStore, before: bytes | None, change: Change
) -> None:
    if before is not None:
        await state.write(StateWrite("g", "k", lambda _: before, 2_000_000_000.0))
    known = await state.entry("g", "k")
    assert await state.write(StateWrite("g", "k", change)) == Written(before, before)
    assert await state.entry("g", "k") == known
    assert state.ending() == (None if before is None else 2_000_000_000.0)


async def test_a_write_that_says_until_when_is_one_also_with_the_same_value(state: StateStore) -> None:
    await put(state, b"\x01")
    known = await version(state)
    await state.write(StateWrite("g", "k", same, 2_000_000_000.0))
    assert state.ending() == 2_000_000_000.0
    assert await version(state) > known


async def test_a_database_of_version_1_is_brought_up_to_date(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "runtime.db"
    old = sqlite3.connect(path)
    old.executescript(f"{MIGRATIONS[0]} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")
    old.executemany("INSERT INTO state (group_id, key, value) VALUES ('g', ?, ?)", [("b", b"1"), ("a", b"2")])
    old.execute("INSERT INTO stream_items (stream, group_id, id, item) VALUES ('s', 'g', '1', x'80')")
    old.execute("INSERT INTO ticks VALUES ('nightly', 60.0)")
    old.commit()
    old.close()
    engine = SqliteEngine(path, clock, BusSettings(), "process")
    async with engine.open():
        state = engine.state
        assert (list(await state.keys("g")), list(await state.values("g"))) == (["b", "a"], [b"1", b"2"])
        assert [await version(state, key) for key in "ba"] == [1, 1]
        assert (state.ending(), await engine.streams.get("s", "g", "1"), await engine.cron.last("nightly")) == (
            None,
            b"\x80",
            60.0,
        )
        await put(state, b"3", if_version=1, key="b")
        assert await version(state, "b") > 1
        assert await engine.texts.append("t", b"text", clock.now(), 100) == 4
    async with SqliteEngine(path, clock, BusSettings(), "process").open():
        pass
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


async def test_what_an_older_runtime_remembers_as_deleted_stays_so_in_its_order(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "runtime.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            f"{MIGRATIONS[0]} {MIGRATIONS[1]} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;"
        )
        old.executemany(
            "INSERT INTO deleted_items VALUES ('s', 'g', ?, ?)", [("b", clock.now()), ("a", clock.now() - 1)]
        )
        old.commit()
    engine = SqliteEngine(path, clock, BusSettings(), "process", StreamSettings(max_deleted=2))
    async with engine.open():
        assert [await engine.streams.was_deleted("s", "g", id) for id in "ab"] == [True, True]
        await engine.streams.write(StreamWrite("s", "g", "c", lambda _: b"c"))
        await engine.streams.write(StreamWrite("s", "g", "c", lambda _: None))
        assert [await engine.streams.was_deleted("s", "g", id) for id in "abc"] == [False, True, True]
