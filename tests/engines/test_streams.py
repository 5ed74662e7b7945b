"""The stream store of every engine."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from runtime.contracts import StreamStore
from runtime.errors import HostCallRefused
from runtime.records import Change, StreamWrite, Written
from runtime.storage.writes import PRUNED_ITEMS
from tests.engines.conftest import DURABLE, KEEP_DELETED, MAX_DELETED, Opened
from tests.fakes import FakeClock


async def write(streams: StreamStore, stream: str, group: str, id: str, item: bytes | None) -> Written:
    return await streams.write(StreamWrite(stream, group, id, lambda before: item))


async def modify(streams: StreamStore, stream: str, group: str, id: str, change: Change) -> Written:
    return await streams.write(StreamWrite(stream, group, id, change))


async def test_an_item_is_new_once(streams: StreamStore) -> None:
    assert await streams.get("s", "g", "1") is None
    assert await write(streams, "s", "g", "1", b"a") == Written(None, b"a")
    assert await write(streams, "s", "g", "1", b"b") == Written(b"a", b"b")
    assert await streams.get("s", "g", "1") == b"b"


async def test_a_deleted_item_is_new_again(streams: StreamStore) -> None:
    await write(streams, "s", "g", "1", b"a")
    assert await write(streams, "s", "g", "1", None) == Written(b"a", None)
    assert await write(streams, "s", "g", "1", None) == Written(None, None)
    assert await streams.get("s", "g", "1") is None
    assert await write(streams, "s", "g", "1", b"b") == Written(None, b"b")


async def test_an_empty_item_is_an_item(streams: StreamStore) -> None:
    assert await write(streams, "s", "g", "1", b"") == Written(None, b"")
    assert await write(streams, "s", "g", "1", b"") == Written(b"", b"")
    assert await streams.get("s", "g", "1") == b""
    assert await write(streams, "s", "g", "1", None) == Written(b"", None)


async def test_streams_groups_and_ids_do_not_mix(streams: StreamStore) -> None:
    places = [("a", "b", "c"), ("a:b", "", "c"), ("a", "b:c", ""), ("", "", ""), ("ü\0", "💩", "/"), ("b", "a", "c")]
    places += [("\ud800", "\ud801", "\0"), ("\ufffd", "1", "1.0"), ("1", "1.0", "\ud800")]
    for place in places:
        assert await write(streams, *place, repr(place).encode()) == Written(None, repr(place).encode())
    for place in places:
        assert await streams.get(*place) == repr(place).encode()
        assert list(await streams.items(*place[:2])) == [repr(place).encode()]
        assert (await write(streams, *place, None)).before == repr(place).encode()


async def test_items_are_in_insertion_order(streams: StreamStore) -> None:
    assert list(await streams.items("s", "g")) == []
    for id in ("z", "a", "m", "z"):
        await write(streams, "s", "g", id, id.encode())
    assert list(await streams.items("s", "g")) == [b"z", b"a", b"m"]
    await write(streams, "s", "g", "z", None)
    await write(streams, "s", "g", "z", b"z")
    assert list(await streams.items("s", "g")) == [b"a", b"m", b"z"]


async def test_a_change_has_nothing_in_between(streams: StreamStore) -> None:
    def count(value: bytes | None) -> bytes:
        return str(int(value or b"0") + 1).encode()

    results = await asyncio.gather(*(modify(streams, "s", "g", "1", count) for _ in range(200)))
    assert sorted(int(written.after or b"") for written in results) == list(range(1, 201))
    assert [written.before for written in results].count(None) == 1


async def test_a_change_that_raises_changes_nothing(streams: StreamStore) -> None:
    def refuse(value: bytes | None) -> bytes:
        raise HostCallRefused("no")

    await write(streams, "s", "g", "1", b"a")
    for group, id in (("g", "1"), ("g", "2"), ("h", "1")):
        with pytest.raises(HostCallRefused, match="no"):
            await modify(streams, "s", group, id, refuse)
    assert (list(await streams.items("s", "g")), list(await streams.items("s", "h"))) == ([b"a"], [])


# ------------------------------------------------------------ what was deleted


async def test_a_deleted_item_is_remembered_until_it_is_there_again(streams: StreamStore) -> None:
    assert not await streams.was_deleted("s", "g", "1")
    await write(streams, "s", "g", "1", None)
    assert not await streams.was_deleted("s", "g", "1")
    for _ in range(2):
        await write(streams, "s", "g", "1", b"a")
        assert not await streams.was_deleted("s", "g", "1")
        await write(streams, "s", "g", "1", None)
        assert await streams.was_deleted("s", "g", "1")
    places = [("s", "g", "2"), ("s", "h", "1"), ("t", "g", "1"), ("s", "g", "")]
    assert not any([await streams.was_deleted(*place) for place in places])


async def test_a_deleted_item_is_forgotten_in_time(streams: StreamStore, clock: FakeClock) -> None:
    await write(streams, "s", "g", "\ud800", b"a")
    await write(streams, "s", "g", "\ud800", None)
    await clock.advance(KEEP_DELETED - 1)
    assert await streams.was_deleted("s", "g", "\ud800")
    await clock.advance(1)
    assert not await streams.was_deleted("s", "g", "\ud800")


async def test_of_too_many_deleted_items_the_oldest_are_forgotten(streams: StreamStore) -> None:
    ids = [str(number) for number in range(MAX_DELETED + 5)]
    for id in ids:
        await write(streams, "s", "g", id, b"a")
        await write(streams, "s", "g", id, None)
    remembered = [id for id in ids if await streams.was_deleted("s", "g", id)]
    assert remembered == ids[5:]


@pytest.mark.parametrize("name", DURABLE)
async def test_deleted_items_are_pruned_a_few_at_a_time(opened: Opened, clock: FakeClock, tmp_path: Path) -> None:
    async def delete(streams: StreamStore, *ids: str) -> None:
        for id in ids:
            await write(streams, "s", "g", id, b"a")
            await write(streams, "s", "g", id, None)

    def remembered() -> int:
        with closing(sqlite3.connect(tmp_path / "runtime.db")) as connection:
            (count,) = connection.execute("SELECT count(*) FROM deleted_items").fetchone()
        return int(count)

    async with opened() as engine:
        await delete(engine.streams, *map(str, range(2 * PRUNED_ITEMS)))
        assert remembered() == 2 * PRUNED_ITEMS
        await clock.advance(KEEP_DELETED)
    async with opened() as engine:
        await delete(engine.streams, "new")
        assert remembered() == PRUNED_ITEMS + 1
        await delete(engine.streams, "newer")
        assert (remembered(), await engine.streams.was_deleted("s", "g", "new")) == (2, True)


# ------------------------------------------------------------ who is told


async def test_who_is_told_hears_of_changes_alone(streams: StreamStore) -> None:
    heard: list[Written] = []
    for item in (b"a", b"b", None, None):
        await streams.write(StreamWrite("s", "g", "1", partial(always, item), told=heard.append))
    await write(streams, "s", "g", "1", b"c")
    same = StreamWrite("s", "g", "1", lambda before: before, told=heard.append)
    assert await streams.write(same) == Written(b"c", b"c")
    assert heard == [Written(None, b"a"), Written(b"a", b"b"), Written(b"b", None)]


def always(item: bytes | None, before: bytes | None) -> bytes | None:
    return item
