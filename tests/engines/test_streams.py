"""The stream store of every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from runtime.contracts import StreamStore
from runtime.errors import HostCallRefused


def to(value: bytes) -> Callable[[bytes | None], bytes]:
    return lambda before: value


async def test_an_item_is_new_once(streams: StreamStore) -> None:
    assert await streams.get("s", "g", "1") is None
    assert await streams.modify("s", "g", "1", to(b"a")) == (b"a", True)
    assert await streams.modify("s", "g", "1", to(b"b")) == (b"b", False)
    assert await streams.get("s", "g", "1") == b"b"


async def test_a_deleted_item_is_new_again(streams: StreamStore) -> None:
    await streams.modify("s", "g", "1", to(b"a"))
    assert await streams.delete("s", "g", "1") == b"a"
    assert await streams.delete("s", "g", "1") is None
    assert await streams.get("s", "g", "1") is None
    assert await streams.modify("s", "g", "1", to(b"b")) == (b"b", True)


async def test_an_empty_item_is_an_item(streams: StreamStore) -> None:
    assert await streams.modify("s", "g", "1", to(b"")) == (b"", True)
    assert await streams.modify("s", "g", "1", to(b"")) == (b"", False)
    assert await streams.delete("s", "g", "1") == b""


async def test_streams_groups_and_ids_do_not_mix(streams: StreamStore) -> None:
    places = [("a", "b", "c"), ("a:b", "", "c"), ("a", "b:c", ""), ("", "", ""), ("ü\0", "💩", "/"), ("b", "a", "c")]
    for place in places:
        assert await streams.modify(*place, to(repr(place).encode())) == (repr(place).encode(), True)
    for place in places:
        assert list(await streams.items(*place[:2])) == [repr(place).encode()]
        assert await streams.delete(*place) == repr(place).encode()


async def test_items_are_in_insertion_order(streams: StreamStore) -> None:
    assert list(await streams.items("s", "g")) == []
    for id in ("z", "a", "m", "z"):
        await streams.modify("s", "g", id, to(id.encode()))
    assert list(await streams.items("s", "g")) == [b"z", b"a", b"m"]
    await streams.delete("s", "g", "z")
    await streams.modify("s", "g", "z", to(b"z"))
    assert list(await streams.items("s", "g")) == [b"a", b"m", b"z"]


async def test_modify_has_nothing_in_between(streams: StreamStore) -> None:
    def count(value: bytes | None) -> bytes:
        return str(int(value or b"0") + 1).encode()

    results = await asyncio.gather(*(streams.modify("s", "g", "1", count) for _ in range(200)))
    assert sorted(int(item) for item, _ in results) == list(range(1, 201))
    assert [is_new for _, is_new in results].count(True) == 1


async def test_a_change_that_raises_changes_nothing(streams: StreamStore) -> None:
    def refuse(value: bytes | None) -> bytes:
        raise HostCallRefused("no")

    await streams.modify("s", "g", "1", to(b"a"))
    for group, id in (("g", "1"), ("g", "2"), ("h", "1")):
        with pytest.raises(HostCallRefused, match="no"):
            await streams.modify("s", group, id, refuse)
    assert (list(await streams.items("s", "g")), list(await streams.items("s", "h"))) == ([b"a"], [])
