"""services/state: encoded values, bounds, options, atomic updates, what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from runtime.catalog import build_catalog
from runtime.config import BusSettings
from runtime.errors import HostCallRefused, VersionConflict
from runtime.model import LoadedFile, Manifest, TriggerKind
from runtime.records import QueueKey, StateWrite
from runtime.services.changes import ChangeService
from runtime.services.state import StateService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.state import MemoryStateStore
from runtime.values import decode, encode
from tests.fakes import FakeClock

TRACE = "f" * 32


class Stated:
    """The service over an engine in memory, where step `w` watches group `watched`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.engine = MemoryEngine(self.clock, BusSettings(max_queue_length=3))
        self.expected: list[float] = []
        changes = ChangeService(self.clock)
        watching = LoadedFile("steps/w.step.ts", {"type": "state", "groupId": "watched", "name": "w"}, has_handler=True)
        changes.catalog = build_catalog([Manifest("node", (watching,), ())])
        self.service = StateService(self.engine, changes, self.clock, 100, self.expected.append)

    async def events(self) -> Sequence[Any]:
        """What the step is to handle: operation, key, value and previous."""
        (queue,) = [status.queue for status in self.engine.events.status()] or [QueueKey("", "", TriggerKind.STATE)]
        found = [decode(delivery.event.data) for delivery in await self.engine.events.waiting(queue, 100)]
        return [(one["operation"], one["key"], one["value"], one["previous"]) for one in found]


@pytest.fixture
def stated() -> Stated:
    return Stated()


@pytest.fixture
def state(stated: Stated) -> StateService:
    return stated.service


async def test_a_value_is_kept_as_it_was(state: StateService) -> None:
    assert await state.get("g", "k") == b""
    await state.set("g", "k", encode({"a": 1}), TRACE, {})
    assert decode(await state.get("g", "k")) == {"a": 1}
    assert decode(await state.delete("g", "k", TRACE)) == {"a": 1}
    assert await state.delete("g", "k", TRACE) == await state.get("g", "k") == b""


async def test_none_is_a_value(state: StateService) -> None:
    await state.set("g", "k", b"", TRACE, {})
    assert decode(await state.keys("g")) == ["k"]
    assert decode(await state.values("g")) == [None]


async def test_groups_and_keys_are_any_text(state: StateService) -> None:
    for group, key in (("", ""), ("a:b", "c"), ("a", "b:c"), ("ü\0", "/"), ("a", "")):
        await state.set(group, key, encode([group, key]), TRACE, {})
    assert decode(await state.get("a", "b:c")) == ["a", "b:c"]
    assert decode(await state.get("a:b", "c")) == ["a:b", "c"]
    assert decode(await state.keys("a")) == ["b:c", ""]
    assert decode(await state.values("")) == [["", ""]]


async def test_values_and_keys_come_in_insertion_order(state: StateService) -> None:
    for key in ("z", "a", "m", "z"):
        await state.set("g", key, encode(key), TRACE, {})
    assert decode(await state.keys("g")) == decode(await state.values("g")) == ["z", "a", "m"]
    await state.clear("g", TRACE)
    assert decode(await state.keys("g")) == decode(await state.values("g")) == []


async def test_a_value_over_the_limit_is_refused_and_changes_nothing(state: StateService) -> None:
    await state.set("g", "k", encode("old"), TRACE, {})
    with pytest.raises(
        HostCallRefused, match=r"'g' / 'k' has \d+ bytes, over the limit of 100 \(state.maxValueBytes\)"
    ):
        await state.set("g", "k", encode("x" * 100), TRACE, {})
    with pytest.raises(HostCallRefused, match="over the limit"):
        await state.update("g", "k", encode([{"op": "set", "value": "x" * 100}]), TRACE)
    assert decode(await state.get("g", "k")) == "old"


async def test_updates_lose_nothing(state: StateService) -> None:
    add = encode([{"op": "increment", "path": "n"}])
    await asyncio.gather(*(state.update("g", "k", add, TRACE) for _ in range(100)))
    assert decode(await state.get("g", "k")) == {"n": 100}


async def test_an_update_answers_with_the_new_value(state: StateService) -> None:
    assert decode(await state.update("g", "k", encode([{"op": "increment", "value": 3}]), TRACE)) == 3


@pytest.mark.parametrize(
    "operations", [None, {}, "x", [{"op": "explode"}], [{"op": "set"}, {"op": "append", "path": "a"}, 5]]
)
async def test_an_update_that_does_not_fit_changes_nothing(state: StateService, operations: Any) -> None:
    await state.set("g", "k", encode({"a": 1}), TRACE, {})
    with pytest.raises(HostCallRefused):
        await state.update("g", "k", encode(operations), TRACE)
    assert decode(await state.get("g", "k")) == {"a": 1}


async def test_bytes_that_are_no_value_are_a_value_error(state: StateService) -> None:
    with pytest.raises(ValueError, match="MessagePack"):
        await state.update("g", "k", b"\xc1", TRACE)


@pytest.mark.parametrize("operation", [{"op": "increment"}, {"op": "append", "path": "deep", "value": 1}])
async def test_a_sum_that_no_value_can_hold_is_refused(state: StateService, operation: dict[str, Any]) -> None:
    if operation["op"] == "append":
        operation = {"op": "set", "path": ["a"] * 600, "value": 1}
    await state.set("g", "k", encode(2**64 - 1 if operation["op"] == "increment" else {}), TRACE, {})
    with pytest.raises((HostCallRefused, ValueError)):
        await state.update("g", "k", encode([operation]), TRACE)


async def test_the_same_service_over_another_store(state: StateService) -> None:
    other = state.over(MemoryStateStore(FakeClock()))
    await state.set("g", "k", encode(1), TRACE, {})
    await other.set("g", "other", encode(2), TRACE, {})
    assert [decode(await each.keys("g")) for each in (state, other)] == [["k"], ["other"]]
    with pytest.raises(HostCallRefused, match="over the limit of 100"):
        await other.set("g", "k", bytes(101), TRACE, {})


# ------------------------------------------------------------ options


async def test_an_entry_is_the_value_and_its_version(state: StateService) -> None:
    assert await state.entry("g", "k") == b""
    await state.set("g", "k", encode({"a": 1}), TRACE, {})
    first = decode(await state.entry("g", "k"))
    assert (first["value"], list(first)) == ({"a": 1}, ["value", "version"])
    await state.set("g", "k", b"", TRACE, {"ifVersion": first["version"], "ttl": None})
    assert decode(await state.entry("g", "k"))["value"] is None
    with pytest.raises(VersionConflict, match=r"'g' / 'k' has version \d+, but ifVersion is"):
        await state.set("g", "k", encode(2), TRACE, {"ifVersion": first["version"]})
    with pytest.raises(VersionConflict, match="'g' / 'new' is not there"):
        await state.set("g", "new", encode(2), TRACE, {"ifVersion": 5})
    await state.set("g", "new", encode(2), TRACE, {"ifVersion": 0})


async def test_a_value_with_a_ttl_ends_and_says_when(stated: Stated) -> None:
    state, now = stated.service, stated.clock.now()
    await state.set("g", "k", encode({"n": 1}), TRACE, {"ttl": 1.5})
    await state.update("g", "k", encode([{"op": "increment", "path": "n"}]), TRACE)
    assert stated.expected == [now + 1.5]
    await stated.clock.advance(1.5)
    assert await state.get("g", "k") == b""


async def test_a_set_without_a_ttl_stays(stated: Stated) -> None:
    await stated.service.set("g", "k", encode(1), TRACE, {"ttl": 1})
    await stated.service.set("g", "k", encode(1), TRACE, {})
    await stated.clock.advance(1)
    assert decode(await stated.service.get("g", "k")) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ttl": 0}, "ttl is 0; it is a number of seconds over 0"),
        ({"ttl": -1}, "ttl is -1"),
        ({"ttl": "5"}, "ttl is '5'"),
        ({"ttl": True}, "ttl is True"),
        ({"ttl": float("nan")}, "ttl is nan"),
        ({"ttl": float("inf")}, "ttl is inf"),
        ({"ttl": 2**63}, "ttl is 9223372036854775808"),
        ({"ifVersion": -1}, "ifVersion is -1; it is a version that getEntry gave"),
        ({"ifVersion": 1.0}, "ifVersion is 1.0"),
        ({"ifVersion": True}, "ifVersion is True"),
        ({"ifVersion": "1"}, "ifVersion is '1'"),
        ({"tll": 5}, "'tll' is no option of set; known are ttl, ifVersion"),
    ],
)
async def test_a_bad_option_is_refused_and_nothing_is_stored(
    state: StateService, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(HostCallRefused, match=said):
        await state.set("g", "k", encode(1), TRACE, options)
    assert decode(await state.keys("g")) == []


# ------------------------------------------------------------ updates


@pytest.mark.parametrize("before", [None, 1, {"a": [1, 2]}])
async def test_an_update_that_leaves_the_value_as_it_is_is_no_change(stated: Stated, before: Any) -> None:
    state = stated.service
    if before is not None:
        await state.set("watched", "k", encode(before), TRACE, {})
    entry, events = await state.entry("watched", "k"), await stated.events()
    for operations in ([], [{"op": "remove", "path": "x"}] if before != 1 else [{"op": "increment", "value": 0}]):
        answer = await state.update("watched", "k", encode(operations), TRACE)
        assert decode(answer) == before
    assert (await state.entry("watched", "k"), await stated.events()) == (entry, events)


async def test_an_update_may_remove_the_value(stated: Stated) -> None:
    await stated.service.set("watched", "k", encode(1), TRACE, {})
    assert await stated.service.update("watched", "k", encode([{"op": "remove"}]), TRACE) == b""
    assert decode(await stated.service.keys("watched")) == []
    assert (await stated.events())[-1] == ("delete", "k", None, 1)


# ------------------------------------------------------------ what follows


async def test_each_change_of_a_watched_value_is_stored_with_its_event(stated: Stated) -> None:
    state = stated.service
    await state.set("watched", "k", encode(1), TRACE, {})
    await state.set("watched", "k", encode(1), TRACE, {})
    await state.delete("watched", "k", TRACE)
    assert await stated.events() == [("create", "k", 1, None), ("update", "k", 1, 1), ("delete", "k", None, 1)]
    with pytest.raises(HostCallRefused, match="full"):
        await state.set("watched", "k", encode(2), TRACE, {})
    assert await state.get("watched", "k") == b""
    await state.delete("watched", "k", TRACE)
    await state.set("g", "k", encode(2), TRACE, {})


async def test_a_clear_of_a_watched_group_is_a_delete_of_each_value(stated: Stated) -> None:
    await stated.engine.state.write(_write("b"))
    await stated.engine.state.write(_write("a"))
    await stated.service.clear("watched", TRACE)
    assert await stated.events() == [("delete", "b", None, True), ("delete", "a", None, True)]
    assert decode(await stated.service.keys("watched")) == []


def _write(key: str) -> StateWrite:
    return StateWrite("watched", key, lambda _: encode(True))
