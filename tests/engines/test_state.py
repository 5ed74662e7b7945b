"""The state store of every engine."""

from __future__ import annotations

import asyncio

import pytest

from runtime.contracts import StateStore
from runtime.errors import HostCallRefused
from runtime.records import Change, StateClear, StateWrite, Written


def opaque(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


async def write(state: StateStore, group: str, key: str, value: bytes | None) -> Written:
    return await state.write(StateWrite(group, key, lambda before: value))


async def modify(state: StateStore, group: str, key: str, change: Change) -> Written:
    return await state.write(StateWrite(group, key, change))


async def fill(state: StateStore, group: str, *keys: str) -> None:
    for key in keys:
        await write(state, group, key, opaque(f"{group}/{key}"))


async def test_a_value_comes_back_as_it_was(state: StateStore) -> None:
    assert await state.get("g", "k") is None
    assert await write(state, "g", "k", b"\x00\xff") == Written(None, b"\x00\xff")
    assert await state.get("g", "k") == b"\x00\xff"
    assert await write(state, "g", "k", b"") == Written(b"\x00\xff", b"")
    assert await state.get("g", "k") == b""
    assert list(await state.values("g")) == [b""]
    assert await write(state, "g", "k", None) == Written(b"", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a:b",
        "a/b",
        "%",
        "*",
        "ü",
        "\0",
        "💩",
        "x" * 5000,
        "' OR 1=1 --",
        "__proto__",
        "a\0b",
        "\ud800",
        "1",
        "1.0",
    ],
)
async def test_any_text_is_a_group_and_a_key(state: StateStore, text: str) -> None:
    await fill(state, text, text, "other")
    await fill(state, "other", text)
    assert await state.get(text, text) == opaque(f"{text}/{text}")
    assert list(await state.keys(text)) == [text, "other"]
    assert (await write(state, text, text, None)).before == opaque(f"{text}/{text}")
    assert list(await state.keys("other")) == [text]


async def test_names_that_look_alike_are_not_the_same(state: StateStore) -> None:
    names = [
        "1",
        "1.0",
        "01",
        "a",
        "a ",
        "A",
        "a\0",
        "a\0b",
        "\ud800",
        "\ud801",
        "\ufffd",
        "e\u0301",
        "\u00e9",
        "\U00010000",
    ]
    await fill(state, "g", *names)
    for name in names:
        await fill(state, name, "k")
    assert list(await state.keys("g")) == names
    assert [await state.get("g", name) for name in names] == [opaque(f"g/{name}") for name in names]
    assert [list(await state.values(name)) for name in names] == [[opaque(f"{name}/k")] for name in names]


async def test_groups_do_not_mix(state: StateStore) -> None:
    await fill(state, "a", "b:c")
    await fill(state, "a:b", "c")
    await state.clear(StateClear("a"))
    assert list(await state.values("a:b")) == [b"a:b/c"]


async def test_values_and_keys_are_in_insertion_order(state: StateStore) -> None:
    await fill(state, "g", *"zam")
    await write(state, "g", "z", b"new")
    assert list(await state.keys("g")) == ["z", "a", "m"]
    assert list(await state.values("g")) == [b"new", b"g/a", b"g/m"]


async def test_a_key_that_comes_back_goes_to_the_end(state: StateStore) -> None:
    await fill(state, "g", *"abc")
    await write(state, "g", "a", None)
    await fill(state, "g", "a")
    assert list(await state.keys("g")) == ["b", "c", "a"]


async def test_a_value_is_removed_once(state: StateStore) -> None:
    await fill(state, "g", "k")
    assert await write(state, "g", "k", None) == Written(b"g/k", None)
    assert await write(state, "g", "k", None) == Written(None, None)
    assert await write(state, "none", "k", None) == Written(None, None)
    assert await state.get("g", "k") is None


async def test_a_missing_key_leaves_its_group_as_it_is(state: StateStore) -> None:
    await fill(state, "g", "k")
    assert await write(state, "g", "other", None) == Written(None, None)
    assert list(await state.keys("g")) == ["k"]


async def test_clear_removes_the_group_alone(state: StateStore) -> None:
    await fill(state, "g", *"abc")
    await fill(state, "h", "a")
    await state.clear(StateClear("g"))
    await state.clear(StateClear("none"))
    assert list(await state.keys("g")) == []
    assert list(await state.values("g")) == []
    assert list(await state.keys("h")) == ["a"]


async def test_the_last_key_that_comes_back_is_the_only_one(state: StateStore) -> None:
    for value in (b"1", b"2"):
        assert await write(state, "g", "k", value) == Written(None, value)
        assert list(await state.values("g")) == [value]
        await write(state, "g", "k", None)
    assert list(await state.keys("g")) == []


async def test_a_group_that_was_cleared_begins_anew(state: StateStore) -> None:
    await fill(state, "g", *"abc")
    await state.clear(StateClear("g"))
    await fill(state, "g", *"cab")
    assert list(await state.keys("g")) == ["c", "a", "b"]


async def test_a_change_sees_the_value_and_gives_the_new_one(state: StateStore) -> None:
    seen: list[bytes | None] = []

    def change(value: bytes | None) -> bytes:
        seen.append(value)
        return (value or b"") + b"x"

    assert [await modify(state, "g", "k", change) for _ in range(2)] == [Written(None, b"x"), Written(b"x", b"xx")]
    assert seen == [None, b"x"]
    assert await state.get("g", "k") == b"xx"
    assert list(await state.keys("g")) == ["k"]


async def test_a_change_has_nothing_in_between(state: StateStore) -> None:
    def count(value: bytes | None) -> bytes:
        return str(int(value or b"0") + 1).encode()

    await asyncio.gather(*(modify(state, "g", "k", count) for _ in range(200)))
    assert await state.get("g", "k") == b"200"


async def test_a_change_that_raises_changes_nothing(state: StateStore) -> None:
    def refuse(value: bytes | None) -> bytes:
        raise HostCallRefused("no")

    await fill(state, "g", "k")
    for group, key in (("g", "k"), ("g", "new"), ("h", "new")):
        with pytest.raises(HostCallRefused, match="no"):
            await modify(state, group, key, refuse)
    assert list(await state.values("g")) == [b"g/k"]
    assert list(await state.keys("h")) == []


async def test_what_was_read_does_not_change_afterwards(state: StateStore) -> None:
    await fill(state, "g", "a")
    keys, values = await state.keys("g"), await state.values("g")
    await fill(state, "g", "b")
    assert (list(keys), list(values)) == (["a"], [b"g/a"])
