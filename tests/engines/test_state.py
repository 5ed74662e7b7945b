"""The state store of every engine."""

from __future__ import annotations

import asyncio

import pytest

from runtime.contracts import StateStore
from runtime.errors import HostCallRefused


async def fill(state: StateStore, group: str, *keys: str) -> None:
    for key in keys:
        await state.set(group, key, f"{group}/{key}".encode())


async def test_a_value_comes_back_as_it_was(state: StateStore) -> None:
    assert await state.get("g", "k") is None
    await state.set("g", "k", b"\x00\xff")
    assert await state.get("g", "k") == b"\x00\xff"
    await state.set("g", "k", b"")
    assert await state.get("g", "k") == b""


@pytest.mark.parametrize(
    "name", ["", " ", "a:b", "a/b", "%", "*", "ü", "\0", "💩", "x" * 5000, "' OR 1=1 --", "__proto__"]
)
async def test_any_text_is_a_group_and_a_key(state: StateStore, name: str) -> None:
    await fill(state, name, name, "other")
    await fill(state, "other", name)
    assert await state.get(name, name) == f"{name}/{name}".encode()
    assert list(await state.keys(name)) == [name, "other"]
    assert await state.delete(name, name) == f"{name}/{name}".encode()
    assert list(await state.keys("other")) == [name]


async def test_groups_do_not_mix(state: StateStore) -> None:
    await fill(state, "a", "b:c")
    await fill(state, "a:b", "c")
    await state.clear("a")
    assert list(await state.values("a:b")) == [b"a:b/c"]


async def test_values_and_keys_are_in_insertion_order(state: StateStore) -> None:
    await fill(state, "g", *"zam")
    await state.set("g", "z", b"new")
    assert list(await state.keys("g")) == ["z", "a", "m"]
    assert list(await state.values("g")) == [b"new", b"g/a", b"g/m"]


async def test_a_key_that_comes_back_goes_to_the_end(state: StateStore) -> None:
    await fill(state, "g", *"abc")
    await state.delete("g", "a")
    await fill(state, "g", "a")
    assert list(await state.keys("g")) == ["b", "c", "a"]


async def test_delete_gives_the_value_once(state: StateStore) -> None:
    await fill(state, "g", "k")
    assert await state.delete("g", "k") == b"g/k"
    assert await state.delete("g", "k") is None
    assert await state.delete("none", "k") is None
    assert await state.get("g", "k") is None


async def test_a_missing_key_leaves_its_group_as_it_is(state: StateStore) -> None:
    await fill(state, "g", "k")
    assert await state.delete("g", "other") is None
    assert list(await state.keys("g")) == ["k"]


async def test_clear_removes_the_group_alone(state: StateStore) -> None:
    await fill(state, "g", *"abc")
    await fill(state, "h", "a")
    await state.clear("g")
    await state.clear("none")
    assert list(await state.keys("g")) == []
    assert list(await state.values("g")) == []
    assert list(await state.keys("h")) == ["a"]


async def test_modify_sees_the_value_and_gives_the_new_one(state: StateStore) -> None:
    seen: list[bytes | None] = []

    def change(value: bytes | None) -> bytes:
        seen.append(value)
        return (value or b"") + b"x"

    assert [await state.modify("g", "k", change) for _ in range(2)] == [b"x", b"xx"]
    assert seen == [None, b"x"]
    assert await state.get("g", "k") == b"xx"
    assert list(await state.keys("g")) == ["k"]


async def test_modify_has_nothing_in_between(state: StateStore) -> None:
    def count(value: bytes | None) -> bytes:
        return str(int(value or b"0") + 1).encode()

    await asyncio.gather(*(state.modify("g", "k", count) for _ in range(200)))
    assert await state.get("g", "k") == b"200"


async def test_a_change_that_raises_changes_nothing(state: StateStore) -> None:
    def refuse(value: bytes | None) -> bytes:
        raise HostCallRefused("no")

    await fill(state, "g", "k")
    for group, key in (("g", "k"), ("g", "new"), ("h", "new")):
        with pytest.raises(HostCallRefused, match="no"):
            await state.modify(group, key, refuse)
    assert list(await state.values("g")) == [b"g/k"]
    assert list(await state.keys("h")) == []


async def test_what_was_read_does_not_change_afterwards(state: StateStore) -> None:
    await fill(state, "g", "a")
    keys, values = await state.keys("g"), await state.values("g")
    await fill(state, "g", "b")
    assert (list(keys), list(values)) == (["a"], [b"g/a"])
