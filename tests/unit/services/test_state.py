"""services/state: encoded values, bounds, atomic updates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.errors import HostCallRefused
from runtime.services.state import StateService
from runtime.storage.memory.state import MemoryStateStore
from runtime.values import decode, encode


@pytest.fixture
def state() -> StateService:
    return StateService(MemoryStateStore(), max_value_bytes=100)


async def test_a_value_is_kept_as_it_was(state: StateService) -> None:
    assert await state.get("g", "k") == b""
    await state.set("g", "k", encode({"a": 1}))
    assert decode(await state.get("g", "k")) == {"a": 1}
    assert decode(await state.delete("g", "k")) == {"a": 1}
    assert await state.delete("g", "k") == await state.get("g", "k") == b""


async def test_none_is_a_value(state: StateService) -> None:
    await state.set("g", "k", b"")
    assert decode(await state.keys("g")) == ["k"]
    assert decode(await state.values("g")) == [None]


async def test_groups_and_keys_are_any_text(state: StateService) -> None:
    for group, key in (("", ""), ("a:b", "c"), ("a", "b:c"), ("ü\0", "/"), ("a", "")):
        await state.set(group, key, encode([group, key]))
    assert decode(await state.get("a", "b:c")) == ["a", "b:c"]
    assert decode(await state.get("a:b", "c")) == ["a:b", "c"]
    assert decode(await state.keys("a")) == ["b:c", ""]
    assert decode(await state.values("")) == [["", ""]]


async def test_values_and_keys_come_in_insertion_order(state: StateService) -> None:
    for key in ("z", "a", "m", "z"):
        await state.set("g", key, encode(key))
    assert decode(await state.keys("g")) == decode(await state.values("g")) == ["z", "a", "m"]
    await state.clear("g")
    assert decode(await state.keys("g")) == decode(await state.values("g")) == []


async def test_a_value_over_the_limit_is_refused_and_changes_nothing(state: StateService) -> None:
    await state.set("g", "k", encode("old"))
    with pytest.raises(
        HostCallRefused, match=r"'g' / 'k' has \d+ bytes, over the limit of 100 \(state.maxValueBytes\)"
    ):
        await state.set("g", "k", encode("x" * 100))
    with pytest.raises(HostCallRefused, match="over the limit"):
        await state.update("g", "k", encode([{"op": "set", "value": "x" * 100}]))
    assert decode(await state.get("g", "k")) == "old"


async def test_updates_lose_nothing(state: StateService) -> None:
    add = encode([{"op": "increment", "path": "n"}])
    await asyncio.gather(*(state.update("g", "k", add) for _ in range(100)))
    assert decode(await state.get("g", "k")) == {"n": 100}


async def test_an_update_answers_with_the_new_value(state: StateService) -> None:
    assert decode(await state.update("g", "k", encode([{"op": "increment", "value": 3}]))) == 3


@pytest.mark.parametrize(
    "operations", [None, {}, "x", [{"op": "explode"}], [{"op": "set"}, {"op": "append", "path": "a"}, 5]]
)
async def test_an_update_that_does_not_fit_changes_nothing(state: StateService, operations: Any) -> None:
    await state.set("g", "k", encode({"a": 1}))
    with pytest.raises(HostCallRefused):
        await state.update("g", "k", encode(operations))
    assert decode(await state.get("g", "k")) == {"a": 1}


async def test_bytes_that_are_no_value_are_a_value_error(state: StateService) -> None:
    with pytest.raises(ValueError, match="MessagePack"):
        await state.update("g", "k", b"\xc1")


@pytest.mark.parametrize("operation", [{"op": "increment"}, {"op": "append", "path": "deep", "value": 1}])
async def test_a_sum_that_no_value_can_hold_is_refused(state: StateService, operation: dict[str, Any]) -> None:
    if operation["op"] == "append":
        operation = {"op": "set", "path": ["a"] * 600, "value": 1}
    await state.set("g", "k", encode(2**64 - 1 if operation["op"] == "increment" else {}))
    with pytest.raises((HostCallRefused, ValueError)):
        await state.update("g", "k", encode([operation]))


async def test_the_same_service_over_another_store(state: StateService) -> None:
    other = state.over(MemoryStateStore())
    await state.set("g", "k", encode(1))
    await other.set("g", "other", encode(2))
    assert [decode(await each.keys("g")) for each in (state, other)] == [["k"], ["other"]]
    with pytest.raises(HostCallRefused, match="over the limit of 100"):
        await other.set("g", "k", bytes(101))
