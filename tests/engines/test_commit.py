"""What `Engine.commit` of every engine promises: all or nothing, what follows, who is told."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from runtime.config import BusSettings
from runtime.contracts import Engine
from runtime.errors import HostCallRefused, VersionConflict
from runtime.records import (
    Change,
    Event,
    Follow,
    Notice,
    Placement,
    Publication,
    StateClear,
    StateWrite,
    StreamWrite,
    Told,
    Write,
    Written,
)
from runtime.storage.sqlite.engine import SqliteEngine
from tests.engines.conftest import DURABLE, MAX_QUEUE_LENGTH, Opened
from tests.engines.events import A, B, depth, event, publish, take
from tests.fakes import FakeClock


def becomes(value: bytes | None) -> Change:
    return lambda before: value


def refuse(before: bytes | None) -> bytes:
    raise HostCallRefused("no")


def follows(name: str) -> Follow:
    """An event that says what has happened to what."""

    def follow(written: Written) -> Publication:
        data = b"%b: %b -> %b" % (name.encode(), written.before or b"", written.after or b"")
        return Publication(Event("e", "t", data, "f" * 32), (Placement(A),))

    return follow


def state(key: str, value: bytes | None, until: float | None = None, group: str = "g") -> StateWrite:
    return StateWrite(group, key, becomes(value), until, follow=follows(key))


def item(id: str, value: bytes | None, told: Told | None = None) -> StreamWrite:
    return StreamWrite("s", "g", id, becomes(value), follows(id), told)


async def events(engine: Engine) -> list[bytes]:
    return [delivery.event.data for delivery in await engine.events.waiting(A, 100)]


# ------------------------------------------------------------ what follows


async def test_what_follows_a_change_is_stored_with_it_in_order(engine: Engine) -> None:
    written = await engine.commit(
        [state("k", b"1"), item("i", b"2"), state("k", b"3"), state("k", None), item("i", None)]
    )
    assert list(written) == [
        Written(None, b"1"),
        Written(None, b"2"),
        Written(b"1", b"3"),
        Written(b"3", None),
        Written(b"2", None),
    ]
    assert await events(engine) == [b"k:  -> 1", b"i:  -> 2", b"k: 1 -> 3", b"k: 3 -> ", b"i: 2 -> "]
    assert (await take(engine.events)).event.data == b"k:  -> 1"


async def test_nothing_follows_what_changes_nothing(engine: Engine) -> None:
    await engine.commit([state("k", b"1")])
    before = await events(engine)
    same = StateWrite("g", "k", lambda value: value, follow=follows("k"))
    told: list[Written] = []
    kept = StreamWrite("s", "g", "i", lambda value: value, follows("i"), told.append)
    assert list(await engine.commit([state("other", None), item("i", None, told.append), same, kept])) == [
        Written(None, None),
        Written(None, None),
        Written(b"1", b"1"),
        Written(None, None),
    ]
    assert (await events(engine), told) == (before, [])


async def test_the_same_single_byte_is_a_change_where_the_write_says_until_when(engine: Engine) -> None:
    for _ in range(2):
        await engine.commit([state("k", b"\x01", until=0.0)])
    assert await events(engine) == [b"k:  -> \x01", b"k: \x01 -> \x01"]


async def test_follow_may_say_that_nothing_does(engine: Engine) -> None:
    await engine.commit([StateWrite("g", "k", becomes(b"v"), follow=lambda written: None)])
    assert (await engine.state.get("g", "k"), await events(engine)) == (b"v", [])


async def test_a_value_whose_time_is_over_goes_first(engine: Engine, clock: FakeClock) -> None:
    await engine.state.write(state("k", b"old", until=clock.now() + 1))
    await engine.state.write(state("swept", b"old", until=clock.now() + 1))
    await clock.advance(1)
    sweep = StateWrite("g", "swept", lambda value: value, follow=follows("swept"))
    written = await engine.commit([state("k", b"new"), sweep, sweep])
    assert list(written) == [Written(None, b"new"), Written(None, None), Written(None, None)]
    assert await events(engine) == [b"k: old -> ", b"k:  -> new", b"swept: old -> "]
    assert (engine.state.ending(), list(await engine.state.keys("g"))) == (None, ["k"])


async def test_a_cleared_group_is_told_key_by_key(engine: Engine, clock: FakeClock) -> None:
    for key in "cab":
        await engine.state.write(state(key, key.upper().encode()))
    await engine.state.write(state("ended", b"E", until=clock.now() + 1))
    await engine.state.write(state("x", b"X", group="other"))
    await clock.advance(1)
    clear = StateClear("g", lambda key: None if key == "a" else follows(key))
    assert list(await engine.commit([clear, clear])) == [Written(), Written()]
    assert await events(engine) == [b"c: C -> ", b"b: B -> ", b"ended: E -> "]
    assert (list(await engine.state.keys("g")), list(await engine.state.keys("other"))) == ([], ["x"])


async def test_the_stores_alone_let_nothing_follow(engine: Engine) -> None:
    await engine.state.write(state("k", b"1"))
    await engine.streams.write(item("i", b"1"))
    await engine.state.clear(StateClear("g", follows_key))
    assert (await events(engine), list(await engine.state.keys("g"))) == ([], [])


def follows_key(key: str) -> Follow:
    return follows(key)


# ------------------------------------------------------------ all or nothing


async def content(engine: Engine) -> object:
    """All that is stored, without the versions of values."""
    state, now = engine.state, engine.state.ending()
    streams = list(await engine.streams.items("s", "g"))
    return list(await state.keys("g")), list(await state.values("g")), now, streams, await events(engine)


def conflict() -> StateWrite:
    return StateWrite("g", "k", becomes(b"x"), 0.0, 7)


def bad_follow(written: Written) -> Publication:
    raise HostCallRefused("no")


@pytest.mark.parametrize(
    "last",
    [
        StateWrite("g", "k", refuse),
        StreamWrite("s", "g", "i", refuse),
        conflict(),
        StateWrite("g", "k", becomes(b"x"), follow=bad_follow),
        StreamWrite("s", "g", "i", becomes(b"x"), bad_follow),
        StateClear("g", lambda key: bad_follow),
    ],
    ids=["state", "stream", "version", "follow of state", "follow of stream", "follow of clear"],
)
async def test_a_commit_that_is_refused_leaves_no_trace(
    engine: Engine, last: StateWrite | StreamWrite | StateClear, clock: FakeClock
) -> None:
    await publish(engine.events, "done", queues=(B,))
    delivery = await take(engine.events, B)
    for key in ("k", "b", "a"):
        await engine.state.write(state(key, b"old", until=clock.now() + 60))
        await engine.streams.write(item(key, b"old"))
    await engine.state.write(state("ended", b"old", until=clock.now() + 1))
    await clock.advance(1)
    before, entry, told = await content(engine), await engine.state.entry("g", "k"), [Written()]
    writes: list[Write] = [
        state("k", b"new", until=0.0),
        state("a", None),
        state("ended", b"new", until=clock.now() + 5),
        item("b", None, told.append),
        item("new", b"new", told.append),
        Notice(lambda: told.append(Written())),
        StateClear("g", follows_key),
        state("k", b"new", until=clock.now() + 5),
        Publication(event(), (Placement(A),)),
        last,
    ]
    with pytest.raises(HostCallRefused):
        await engine.commit(writes, delivery)
    assert (await content(engine), await engine.state.entry("g", "k")) == (before, entry)
    assert (len(told), depth(engine.events, B)) == (1, 1)
    assert list(await engine.state.ended(10)) == [("g", "ended")]


async def test_a_conflict_keeps_its_kind(engine: Engine) -> None:
    with pytest.raises(VersionConflict):
        await engine.commit([conflict()])


async def test_a_full_queue_refuses_the_change(engine: Engine) -> None:
    for number in range(MAX_QUEUE_LENGTH):
        await engine.commit([state("k", b"%d" % number)])
    with pytest.raises(HostCallRefused, match="full"):
        await engine.commit([state("k", b"x")])
    assert await engine.state.get("g", "k") == b"%d" % (MAX_QUEUE_LENGTH - 1)


async def test_a_queue_is_as_full_as_the_commit_would_make_it(engine: Engine) -> None:
    for number in range(MAX_QUEUE_LENGTH + 1):
        await engine.state.write(state(str(number), b"v"))
    with pytest.raises(HostCallRefused, match="full"):
        await engine.commit([StateClear("g", follows_key)])
    assert (len(await engine.state.keys("g")), await events(engine)) == (MAX_QUEUE_LENGTH + 1, [])
    await engine.state.write(state("0", None))
    await engine.commit([StateClear("g", follows_key)])
    assert len(await events(engine)) == MAX_QUEUE_LENGTH


async def test_two_keys_of_one_commit_are_never_seen_apart(engine: Engine) -> None:
    def count(value: bytes | None) -> bytes:
        return b"%d" % (int(value or b"0") + 1)

    apart: list[Sequence[bytes]] = []

    async def look() -> None:
        while len(seen := await engine.state.values("g")) < 2 or seen[0] != b"60":
            apart.extend([seen] if (seen and len(set(seen)) != 1) or len(seen) == 1 else [])
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    await asyncio.gather(
        *(engine.commit([StateWrite("g", "a", count), StateWrite("g", "b", count)]) for _ in range(60))
    )
    await looking
    assert (list(await engine.state.values("g")), apart) == ([b"60", b"60"], [])


def both(keys: str, value: bytes | None) -> list[Write]:
    """Writes of values and items of these names, which nothing follows."""
    values: list[Write] = [state(key, value)._replace(follow=None) for key in keys]
    return values + [item(key, value)._replace(follow=None) for key in keys]


async def test_a_refused_commit_leaves_the_order_of_values_and_items(engine: Engine, clock: FakeClock) -> None:
    for key in "abcde":
        await engine.state.write(state(key, key.encode(), until=clock.now() + 1 if key == "e" else 0.0))
        await engine.streams.write(item(key, key.encode()))
    await clock.advance(1)
    before = await content(engine)
    removed, again = both("bad", None), both("aex", b"new")
    for writes in ([*removed, *again], [*removed, StateClear("g"), *again], [StateClear("g"), *again]):
        with pytest.raises(HostCallRefused, match="no"):
            await engine.commit([*writes, StateWrite("g", "k", refuse)])
        assert await content(engine) == before


# ------------------------------------------------------------ who is told


async def test_who_is_told_hears_of_stored_writes_in_their_order(engine: Engine) -> None:
    heard: list[object] = []
    await engine.commit(
        [
            Notice(lambda: heard.append("first")),
            item("i", b"1", heard.append),
            Notice(lambda: heard.append("between")),
            item("i", None, heard.append),
            item("i", None, heard.append),
            Notice(lambda: heard.append("last")),
        ]
    )
    await engine.streams.write(item("i", b"2", heard.append))
    assert heard == ["first", Written(None, b"1"), "between", Written(b"1", None), "last", Written(None, b"2")]


async def test_writes_at_a_time_are_told_in_the_order_in_which_they_are_done(engine: Engine) -> None:
    heard: list[Written] = []

    async def write(number: int) -> None:
        value = b"%d" % number
        if number % 2:
            await engine.streams.write(item("i", value, heard.append))
        else:
            await engine.commit([item("i", value, heard.append)])

    await asyncio.gather(*(write(number) for number in range(8)))
    assert [written.before for written in heard] == [None, *(written.after for written in heard[:-1])]
    assert heard[-1].after == await engine.streams.get("s", "g", "i")


@pytest.mark.parametrize("through_commit", [False, True])
async def test_who_stops_waiting_does_not_keep_others_from_being_told(engine: Engine, through_commit: bool) -> None:
    heard: asyncio.Queue[Written] = asyncio.Queue()
    write = item("i", b"v", heard.put_nowait)
    task = asyncio.ensure_future(engine.commit([write]) if through_commit else engine.streams.write(write))
    await asyncio.sleep(0)  # it has begun
    task.cancel()
    async with asyncio.timeout(5):
        assert await heard.get() == Written(None, b"v")
    await asyncio.gather(task, return_exceptions=True)
    assert await events(engine) == ([b"i:  -> v"] if through_commit else [])


# ------------------------------------------------------------ what outlives the process


@pytest.mark.parametrize("name", DURABLE)
async def test_a_change_and_what_follows_it_outlive_the_process(opened: Opened) -> None:
    async with opened() as engine:
        await engine.commit([state("k", b"v"), item("i", b"v")])
    async with opened() as engine:
        assert (await engine.state.get("g", "k"), await engine.streams.get("s", "g", "i")) == (b"v", b"v")
        assert await events(engine) == [b"k:  -> v", b"i:  -> v"]


async def test_a_log_cut_anywhere_has_each_change_with_its_event_or_neither(tmp_path: Path, clock: FakeClock) -> None:
    """As a kill or a power cut may leave it."""
    path, log, cut = tmp_path / "runtime.db", tmp_path / "runtime.db-wal", tmp_path / "cut.db"
    settings = BusSettings()
    async with SqliteEngine(path, clock, settings, "full").open():
        pass  # the tables are made
    engine = SqliteEngine(path, clock, settings, "full")
    async with engine.open():
        for number in range(12):
            company = (state(f"{number}-{each}", bytes(100 + 3000 * each)) for each in range(1 + number % 3))
            await asyncio.gather(*(engine.commit([write]) for write in company))
        database, frames = path.read_bytes(), log.read_bytes()
    found = []
    for size in sorted({*random.Random(5).sample(range(len(frames)), 60), 0, len(frames)}):
        cut.write_bytes(database)
        cut.with_name("cut.db-wal").write_bytes(frames[:size])
        with closing(sqlite3.connect(cut)) as connection:
            keys = [key for (key,) in connection.execute("SELECT key FROM state ORDER BY place")]
            events = [data.split(b":")[0].decode() for (data,) in connection.execute("SELECT data FROM messages")]
        assert keys == events, size
        found.append(len(keys))
    assert (found[0], found[-1], found) == (0, 24, sorted(found))
