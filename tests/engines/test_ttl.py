"""Values that end by themselves, of every engine."""

from __future__ import annotations

import asyncio

import pytest

from runtime.contracts import StateStore
from runtime.errors import VersionConflict
from runtime.records import Group, StateClear, StateWrite, Written
from tests.engines.conftest import DURABLE, Opened
from tests.fakes import FakeClock


async def put(state: StateStore, key: str, value: bytes | None = b"v", until: float | None = 0.0) -> Written:
    return await state.write(StateWrite("g", key, lambda _: value, until))


async def touch(state: StateStore, key: str) -> Written:
    """What the sweep does: a write that changes nothing."""
    return await state.write(StateWrite("g", key, lambda value: value))


async def test_a_value_is_there_until_its_end_and_not_at_it(state: StateStore, clock: FakeClock) -> None:
    await put(state, "a")
    await put(state, "k", until=clock.now() + 1.5)
    await clock.advance(1.25)
    assert list(await state.keys("g")) == ["a", "k"]
    await clock.advance(0.25)
    assert (await state.get("g", "k"), await state.entry("g", "k")) == (None, None)
    assert (list(await state.keys("g")), list(await state.values("g"))) == (["a"], [b"v"])
    assert list(await state.groups(10)) == [Group("g", 1)]


async def test_what_has_ended_is_told_until_it_is_removed(state: StateStore, clock: FakeClock) -> None:
    now = clock.now()
    assert (state.ending(), list(await state.ended(10))) == (None, [])
    for key, seconds in (("c", 3), ("a", 1), ("stays", 0), ("b", 2)):
        await put(state, key, until=now + seconds if seconds else 0.0)
    assert (state.ending(), list(await state.ended(10))) == (now + 1, [])
    await clock.advance(2)
    assert (state.ending(), list(await state.ended(10))) == (now + 1, [("g", "a"), ("g", "b")])
    assert list(await state.ended(1)) == [("g", "a")]
    assert await touch(state, "a") == Written(None, None)
    assert (state.ending(), list(await state.ended(10))) == (now + 2, [("g", "b")])
    await state.clear(StateClear("g"))
    assert (state.ending(), list(await state.ended(10))) == (None, [])


async def test_a_write_decides_whether_the_end_stays(state: StateStore, clock: FakeClock) -> None:
    now = clock.now()
    await put(state, "k", until=now + 10)
    await put(state, "k", b"2", until=None)
    assert (state.ending(), await state.get("g", "k")) == (now + 10, b"2")
    await put(state, "k", b"2", until=now + 5)
    assert state.ending() == now + 5
    await put(state, "k", b"3", until=0.0)
    assert state.ending() is None
    await put(state, "k", until=now + 5)
    await put(state, "k", None, until=None)
    assert state.ending() is None


async def test_a_write_over_an_ended_value_creates(state: StateStore, clock: FakeClock) -> None:
    await put(state, "k", b"old", until=clock.now() + 1)
    await put(state, "other")
    old = await state.entry("g", "k")
    await clock.advance(1)
    assert old is not None
    with pytest.raises(VersionConflict):
        await state.write(StateWrite("g", "k", lambda _: b"new", 0.0, old.version))
    assert list(await state.ended(10)) == [("g", "k")]
    assert await state.write(StateWrite("g", "k", lambda _: b"new", None, 0)) == Written(None, b"new")
    new = await state.entry("g", "k")
    assert new is not None
    assert (list(await state.keys("g")), state.ending(), new.version > old.version) == (["other", "k"], None, True)


async def test_a_delete_of_an_ended_value_finds_nothing_and_removes_it(state: StateStore, clock: FakeClock) -> None:
    await put(state, "k", until=clock.now() + 1)
    await clock.advance(1)
    assert await put(state, "k", None, None) == Written(None, None)
    assert (state.ending(), list(await state.groups(10))) == (None, [])


async def test_many_ends_that_are_moved_leave_one(state: StateStore, clock: FakeClock) -> None:
    await asyncio.gather(*(put(state, "k", until=clock.now() + 10_000 - number) for number in range(3000)))
    assert state.ending() == clock.now() + 7001
    assert list(await state.ended(10)) == []


@pytest.mark.parametrize("name", DURABLE)
async def test_an_end_outlives_the_process(opened: Opened, clock: FakeClock) -> None:
    until = clock.now() + 0.123456
    async with opened() as engine:
        await put(engine.state, "k", until=until)
    async with opened() as engine:
        assert (engine.state.ending(), await engine.state.get("g", "k")) == (until, b"v")
        await clock.advance(1)
        assert (await engine.state.get("g", "k"), list(await engine.state.ended(10))) == (None, [("g", "k")])


NAMES = ["", " ", "A", "a", "a\0", "ab", "b", "ä", "\uffff", "\U00010000", "\ud800", "\ud801"]


async def test_groups_come_in_the_order_of_their_names_with_the_number_of_keys(state: StateStore) -> None:
    for count, name in enumerate(reversed(NAMES), 1):
        for key in range(count):
            await state.write(StateWrite(name, str(key), lambda _: b"v"))
    listed = list(await state.groups(100))
    assert listed == [Group(name, len(NAMES) - place) for place, name in enumerate(NAMES)]
    paged: list[Group] = []
    while page := await state.groups(5, paged[-1].name if paged else None):
        assert len(page) <= 5
        paged += page
    assert paged == listed
    assert list(await state.groups(100, "\ud801")) == []
    assert [group.name for group in await state.groups(2, "aa")] == ["ab", "b"]


async def test_a_write_may_say_when_a_value_ends_that_is_not_there(state: StateStore, clock: FakeClock) -> None:
    now = clock.now()
    await put(state, "stays")
    await put(state, "ends", until=now + 1)
    await put(state, "over", until=now + 1)
    for key in ("stays", "ends", "new"):
        await state.write(StateWrite("g", key, lambda value: b"w", until_if_new=now + 5))
    await clock.advance(1)
    await state.write(StateWrite("g", "over", lambda value: b"w", until_if_new=now + 5))
    found = {key: await state.entry("g", key) for key in ("stays", "ends", "new", "over")}
    ends = {key: None if entry is None else entry.until for key, entry in found.items()}
    assert ends == {"stays": 0.0, "ends": None, "new": now + 5, "over": now + 5}
