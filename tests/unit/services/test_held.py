"""services/held: the writes of one run of an atomic step."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.errors import HostCallRefused, StorageFault, VersionConflict
from runtime.records import (
    Event,
    Publication,
    StateClear,
    StateWrite,
    StreamWrite,
)
from runtime.services.held import HeldWrites, Services
from runtime.values import decode, encode
from tests.fakes import settle
from tests.unit.services.shelf import DELIVERY, MAX_EVENT, MAX_VALUE, TRACE, Shelf

ENDED = "the run has ended; an atomic step's writes end with it"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def event(topic: str = "t", data: bytes = b"\x01", id: str = "1" * 32) -> Event:
    return Event(id, topic, data, TRACE)


def increment(amount: int = 1) -> bytes:
    return encode([{"op": "increment", "path": "n", "value": amount}])


# ------------------------------------------------------------ the same as done directly

GROUPS = st.sampled_from("gggh")  # few places, so that operations meet
KEYS = st.sampled_from("abc")
SMALL = st.integers(-3, 3) | st.fixed_dictionaries({"n": st.integers(0, 9)}) | st.just("x" * MAX_VALUE)
CHANGES = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["set", "increment", "append", "merge", "remove"])},
        optional={"path": st.sampled_from(["n", "l"]), "value": SMALL},
    ),
    max_size=2,
)
OPERATIONS = st.one_of(
    st.tuples(st.just("state.set"), GROUPS, KEYS, SMALL, st.sampled_from([{}, {}, {"ttl": 5}, {"ttl": 0}])),
    st.tuples(st.just("state.set if"), GROUPS, KEYS, SMALL, st.sampled_from(["right", "none", "stale"])),
    st.tuples(st.just("state.delete"), GROUPS, KEYS),
    st.tuples(st.just("state.update"), GROUPS, KEYS, CHANGES),
    st.tuples(st.just("state.get"), GROUPS, KEYS),
    st.tuples(st.just("state.clear"), GROUPS),
    st.tuples(st.sampled_from(["streams.set", "streams.update"]), st.just("s"), GROUPS, KEYS, SMALL | CHANGES),
    st.tuples(st.just("streams.send"), st.sampled_from(["s", "x"]), GROUPS, KEYS, SMALL),
    st.tuples(st.sampled_from(["streams.delete", "streams.get"]), st.just("s"), GROUPS, KEYS),
    st.tuples(st.just("emit"), st.sampled_from(["t", ""]), SMALL),
)
SEQUENCES = st.lists(OPERATIONS, max_size=30)
TWO: list[tuple[Any, ...]] = [("state.set", "g", key, 1, {}) for key in "ab"]
TWO_ITEMS: list[tuple[Any, ...]] = [("streams.set", "s", "g", key, {}) for key in "ab"]


async def perform(services: Services, operation: tuple[Any, ...]) -> Any:
    """What the handler gets: an answer or a refusal."""
    name, *arguments = operation
    try:
        if name == "emit":
            return bool(await services.bus.emit(arguments[0], encode(arguments[1]), {}, TRACE))
        if name.startswith("state.set"):
            return await set_state(services, *arguments)
        service, method = name.split(".")
        encoded = [part if isinstance(part, str) and len(part) < 2 else encode(part) for part in arguments]
        if method not in ("get", "send"):
            encoded.append(TRACE)
        return await getattr(getattr(services, service), method)(*encoded)
    except VersionConflict:
        return "conflict"  # which names versions, and those of a run are its own
    except HostCallRefused as error:
        return str(error)


async def set_state(services: Services, group: str, key: str, value: Any, how: Any) -> None:
    """Sets a value with options, or else if it has a version."""
    options = how
    if isinstance(how, str):
        entry = decode(await services.state.entry(group, key)) or {"version": 0}
        options = {"ifVersion": {"right": entry["version"], "none": 0, "stale": 12345}[how]}
    await services.state.set(group, key, encode(value), TRACE, options)


async def view(services: Services) -> list[Any]:
    """All that a handler can see, with the order inside the groups."""
    state, streams = services.state, services.streams
    return [[await state.keys(group), await state.values(group), await streams.items("s", group)] for group in "gh"]


@given(SEQUENCES, SEQUENCES)
@example(TWO, [("state.set", "g", "a", 2, {})])
@example(TWO, [("state.set", "g", "a", 2, {}), ("state.delete", "g", "a"), ("state.set", "g", "a", 3, {})])
@example(TWO, [("state.clear", "g"), ("state.update", "g", "b", []), ("state.set", "g", "a", 3, {})])
@example(TWO_ITEMS, [("streams.delete", "s", "g", "a"), ("streams.set", "s", "g", "a", {})])
async def test_a_run_that_is_committed_is_the_same_as_done_directly(before: Any, operations: Any) -> None:
    direct, shelf = Shelf(), Shelf()
    for operation in before:
        await perform(direct.services, operation)
        await perform(shelf.services, operation)
    untouched, told = shelf.content, list(shelf.told)
    held = shelf.hold()
    for operation in operations:
        ours = held.bind(shelf.services)
        assert await perform(ours, operation) == await perform(direct.services, operation)
        assert await view(ours) == await view(direct.services)
    assert (shelf.content, shelf.told) == (untouched, told)
    await shelf.commit_of(held)
    assert shelf.content == direct.content
    assert shelf.told == direct.told
    assert shelf.done == [DELIVERY]


@given(SEQUENCES, SEQUENCES)
async def test_a_run_that_is_dropped_leaves_no_trace(before: Any, operations: Any) -> None:
    shelf = Shelf()
    for operation in before:
        await perform(shelf.services, operation)
    untouched, told = shelf.content, list(shelf.told)
    held = shelf.hold()
    for operation in operations:
        await perform(held.bind(shelf.services), operation)
    held.drop()
    assert (shelf.content, shelf.told, shelf.done) == (untouched, told, [])


@given(st.lists(st.tuples(st.sampled_from(["ours", "theirs", "another's"]), KEYS, st.integers(-5, 5)), max_size=20))
async def test_increments_of_runs_at_a_time_add_up(increments: list[tuple[str, str, int]]) -> None:
    shelf = Shelf()
    runs = {"ours": shelf.hold(), "another's": shelf.hold()}
    sums: dict[str, int] = {}
    for who, key, amount in increments:
        services = runs[who].bind(shelf.services) if who in runs else shelf.services
        await services.state.update("g", key, increment(amount), TRACE)
        await services.streams.update("s", "g", key, increment(amount), TRACE)
        sums[key] = sums.get(key, 0) + amount
    for run in runs.values():
        await shelf.commit_of(run)
    kept, items = shelf.state.content.get("g", []), shelf.streams.content.get(("s", "g"), [])
    assert {key: decode(value)["n"] for key, value, _ in kept} == sums
    assert {key: decode(item)["n"] for key, item in items} == sums


# ------------------------------------------------------------ what others do meanwhile


async def test_a_key_that_the_run_has_changed_is_its_own_until_the_commit(shelf: Shelf) -> None:
    ours, theirs = shelf.hold().bind(shelf.services).state, shelf.services.state
    await ours.update("g", "k", increment(), TRACE)
    await theirs.update("g", "k", increment(10), TRACE)
    await theirs.set("g", "other", encode("new"), TRACE, {})
    assert decode(await ours.get("g", "k")) == {"n": 1}
    assert decode(await ours.update("g", "k", increment(), TRACE)) == {"n": 2}
    assert decode(await ours.values("g")) == [{"n": 2}, "new"]


async def test_listeners_hear_what_the_commit_has_made(shelf: Shelf) -> None:
    held = shelf.hold()
    ours, theirs = held.bind(shelf.services).streams, shelf.services.streams
    await ours.update("s", "g", "1", increment(), TRACE)
    await ours.send("s", "g", "", b"\x01")
    await ours.delete("s", "g", "2", TRACE)
    await theirs.update("s", "g", "1", increment(10), TRACE)
    await theirs.set("s", "g", "2", encode({}), TRACE)
    shelf.told.clear()
    await shelf.commit_of(held)
    assert [(change.operation, change.id) for change in shelf.told] == [("update", "1"), ("event", ""), ("delete", "2")]
    assert decode(shelf.told[0].data)["n"] == 11


async def test_an_item_keeps_the_time_that_the_handler_has_seen(shelf: Shelf) -> None:
    held = shelf.hold()
    seen = await held.bind(shelf.services).streams.set("s", "g", "1", encode({}), TRACE)
    await shelf.clock.advance(60)
    await shelf.commit_of(held)
    assert shelf.streams.content["s", "g"] == [("1", seen)]


async def test_a_change_that_no_longer_fits_is_refused_at_the_commit(shelf: Shelf) -> None:
    held = shelf.hold()
    await held.bind(shelf.services).state.update("g", "k", increment(), TRACE)
    await shelf.services.state.set("g", "k", encode("text"), TRACE, {})
    with pytest.raises(HostCallRefused, match="operation 0 of update"):
        await shelf.commit_of(held)
    assert shelf.told == []


async def test_a_commit_that_could_not_be_stored_tells_nobody_and_may_be_tried_again(shelf: Shelf) -> None:
    held = shelf.hold()
    ours = held.bind(shelf.services)
    await ours.streams.set("s", "g", "1", encode({}), TRACE)
    await ours.streams.send("s", "g", "1", b"\x01")
    shelf.fault = StorageFault("the disk is full")
    with pytest.raises(StorageFault):
        await shelf.commit_of(held)
    assert shelf.told == []
    with pytest.raises(HostCallRefused, match=ENDED):
        await ours.state.set("g", "k", encode(1), TRACE, {})
    shelf.fault = None
    await shelf.commit_of(held)
    assert [change.operation for change in shelf.told] == ["create", "event"]
    assert (shelf.done, shelf.state.content) == ([DELIVERY], {})


C = encode("c")
D = encode("d")


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ([{"a": None, "d": D}], ["ours", "c"]),
        ([{"a": None}], ["ours", "c"]),
        ([{"c": None}, {"c": C}], ["a", "ours", "c"]),
        ([{}, {"d": D}], ["a", "ours", "c"]),
    ],
)
async def test_a_group_that_changes_while_it_is_read_mixes_up_nothing(
    shelf: Shelf, changes: list[dict[str, bytes | None]], seen: list[str]
) -> None:
    """What was there when the read began is in its place, unless it is gone."""
    for key in "abc":
        await shelf.services.state.set("g", key, encode(key), TRACE, {})
    ours = shelf.hold().bind(shelf.services).state
    await ours.set("g", "b", encode("ours"), TRACE, {})
    coming = iter(changes)

    def meanwhile() -> None:
        for key, value in next(coming, {}).items():
            shelf.state.apply(StateWrite("g", key, partial(_always, value)))

    shelf.state.after_group_read = meanwhile
    assert decode(await ours.values("g")) == seen


def _always(value: bytes | None, before: bytes | None) -> bytes | None:
    return value


async def test_calls_of_one_run_at_a_time_lose_nothing(shelf: Shelf) -> None:
    await shelf.services.state.update("g", "k", increment(10), TRACE)
    held = shelf.hold()
    ours = held.bind(shelf.services).state
    shelf.state.open.clear()
    calls = [asyncio.ensure_future(ours.update("g", "k", increment(), TRACE)) for _ in range(5)]
    await settle()
    assert not any(call.done() for call in calls)
    shelf.state.open.set()
    assert [decode(await call)["n"] for call in calls] == [11, 12, 13, 14, 15]
    await shelf.commit_of(held)
    assert shelf.value("k") == {"n": 15}


# ------------------------------------------------------------ versions and ends


async def version(services: Services, key: str = "k") -> int:
    """The value's version, 0 for none."""
    entry = decode(await services.state.entry("g", key))
    return 0 if entry is None else int(entry["version"])


async def test_a_version_that_was_read_is_compared_at_the_call_and_at_the_commit(shelf: Shelf) -> None:
    await shelf.services.state.set("g", "k", encode(1), TRACE, {})
    held = shelf.hold()
    ours, read = held.bind(shelf.services), await version(shelf.services)
    assert await version(ours) == read
    with pytest.raises(VersionConflict):
        await ours.state.set("g", "k", encode(2), TRACE, {"ifVersion": read + 1})
    await ours.state.set("g", "k", encode(2), TRACE, {"ifVersion": read})
    await shelf.services.state.set("g", "k", encode(3), TRACE, {})
    with pytest.raises(VersionConflict, match=f"ifVersion is {read}"):
        await shelf.commit_of(held)
    assert shelf.value("k") == 3


async def test_what_the_run_has_written_has_versions_of_the_run_s(shelf: Shelf) -> None:
    await shelf.services.state.set("g", "k", encode(1), TRACE, {})
    read, held = await version(shelf.services), shelf.hold()
    ours = held.bind(shelf.services)
    await ours.state.set("g", "k", encode(2), TRACE, {})
    own = await version(ours)
    assert own not in (0, read)
    with pytest.raises(VersionConflict, match=f"has version {own}"):
        await ours.state.set("g", "k", encode(3), TRACE, {"ifVersion": read})
    await ours.state.set("g", "k", encode(3), TRACE, {"ifVersion": own})
    await ours.state.delete("g", "k", TRACE)
    assert await version(ours) == 0
    await ours.state.set("g", "k", encode(4), TRACE, {"ifVersion": 0})
    await shelf.commit_of(held)
    assert shelf.value("k") == 4
    with pytest.raises(VersionConflict):
        await shelf.services.state.set("g", "k", encode(5), TRACE, {"ifVersion": own})


FIRST: dict[str, Callable[[Services], Awaitable[Any]]] = {
    "update": lambda on: on.state.update("g", "k", increment(), TRACE),
    "set": lambda on: on.state.set("g", "k", encode({"n": 5}), TRACE, {}),
    "delete": lambda on: on.state.delete("g", "k", TRACE),
    "delete and clear": lambda on: _both(on.state.delete("g", "k", TRACE), on.state.clear("g", TRACE)),
    "clear and set": lambda on: _both(on.state.clear("g", TRACE), on.state.set("g", "k", encode(1), TRACE, {})),
}


async def _both(*calls: Awaitable[Any]) -> None:
    for call in calls:
        await call


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("meanwhile", ["nothing", "before the condition", "behind the condition"])
async def test_a_condition_on_what_the_run_has_written_loses_no_update_of_another(
    shelf: Shelf, first: str, is_there: bool, meanwhile: str
) -> None:
    if is_there:
        await shelf.services.state.set("g", "k", encode({"n": 10}), TRACE, {})
    held = shelf.hold()
    ours = held.bind(shelf.services)
    await FIRST[first](ours)
    seen = await version(ours)
    if meanwhile == "before the condition":
        await shelf.services.state.update("g", "k", increment(100), TRACE)
    await ours.state.set("g", "k", encode("mine"), TRACE, {"ifVersion": seen})
    await ours.state.set("g", "k", encode("mine again"), TRACE, {"ifVersion": await version(ours)})
    if meanwhile == "behind the condition":
        await shelf.services.state.update("g", "k", increment(100), TRACE)
    is_blind = first.startswith("clear") and meanwhile == "before the condition"  # a clear takes whatever is there
    if meanwhile == "nothing" or is_blind:
        await shelf.commit_of(held)
        assert shelf.value("k") == "mine again"
        return
    with pytest.raises(VersionConflict):
        await shelf.commit_of(held)
    assert shelf.value("k") == {"n": 110 if is_there else 100}


async def test_a_stored_end_that_the_run_has_seen_stays_the_end(shelf: Shelf) -> None:
    until = shelf.clock.now() + 10
    for key in ("k", "replaced"):
        await shelf.services.state.set("g", key, encode({"n": 5}), TRACE, {"ttl": 10})
    held = shelf.hold()
    ours = held.bind(shelf.services).state
    for key in ("k", "k", "replaced"):
        await ours.update("g", key, increment(), TRACE)
    await shelf.services.state.set("g", "replaced", encode({"n": 50}), TRACE, {})
    assert decode(await ours.get("g", "k")) == {"n": 7}
    await shelf.clock.advance(20)
    assert await ours.get("g", "k") == b""
    shelf.expected.clear()
    await shelf.commit_of(held)
    ends = {key: end for key, _, end in shelf.state.content["g"]}
    assert ends == {"k": until, "replaced": 0.0}, "what another has set to stay stays"
    assert (await shelf.services.state.get("g", "k"), shelf.value("replaced")) == (b"", {"n": 51})
    assert set(shelf.expected) == {until}


async def test_a_run_that_has_changed_nothing_of_a_value_goes_on_seeing_what_is_stored(shelf: Shelf) -> None:
    await shelf.services.state.set("g", "k", encode({"n": 1}), TRACE, {})
    held = shelf.hold()
    ours, read = held.bind(shelf.services), await version(shelf.services)
    await ours.state.update("g", "k", encode([]), TRACE)
    assert await version(ours) == read
    await shelf.services.state.set("g", "k", encode({"n": 2}), TRACE, {})
    assert (decode(await ours.state.get("g", "k")), await version(ours)) == ({"n": 2}, await version(shelf.services))


async def test_a_value_of_the_run_s_ends_for_the_run_as_well(shelf: Shelf) -> None:
    held = shelf.hold()
    ours = held.bind(shelf.services).state
    until = shelf.clock.now() + 5
    await ours.set("g", "k", encode({"n": 1}), TRACE, {"ttl": 5})
    await ours.set("g", "other", encode(1), TRACE, {})
    await shelf.clock.advance(4)
    assert decode(await ours.update("g", "k", increment(), TRACE)) == {"n": 2}
    await shelf.clock.advance(1)
    assert (await ours.get("g", "k"), await ours.entry("g", "k")) == (b"", b"")
    assert (decode(await ours.keys("g")), decode(await ours.values("g"))) == (["other"], [1])
    await shelf.commit_of(held)
    assert [(key, end) for key, _, end in shelf.state.content["g"]] == [("other", 0.0), ("k", until)]
    assert await shelf.services.state.get("g", "k") == b""
    assert set(shelf.expected) == {until}


async def test_the_commit_tells_when_values_end(shelf: Shelf) -> None:
    held = shelf.hold()
    ours = held.bind(shelf.services).state
    await ours.set("g", "k", encode(1), TRACE, {"ttl": 5})
    await ours.set("g", "stays", encode(1), TRACE, {})
    assert shelf.expected == []
    await shelf.commit_of(held)
    assert shelf.expected == [shelf.clock.now() + 5]


# ------------------------------------------------------------ events


async def test_an_emit_is_answered_with_the_id_that_its_event_has(shelf: Shelf) -> None:
    held = shelf.hold()
    id = await held.bind(shelf.services).bus.emit("t", b"\x01", {}, TRACE)
    assert shelf.published == []
    await shelf.commit_of(held)
    assert [publication.event.id for publication in shelf.published] == [id]


@pytest.mark.parametrize(
    ("topic", "data", "options"), [("", b"", {}), ("t", bytes(MAX_EVENT + 1), {}), ("t", b"", {"dely": 1})]
)
async def test_a_bad_emit_is_refused_at_once_and_not_held(
    shelf: Shelf, topic: str, data: bytes, options: dict[str, Any]
) -> None:
    held = shelf.hold()
    with pytest.raises(HostCallRefused):
        await held.bind(shelf.services).bus.emit(topic, data, options, TRACE)
    await shelf.commit_of(held)
    assert shelf.published == []


async def test_a_second_emit_with_the_same_key_is_answered_with_the_first_id(shelf: Shelf) -> None:
    held = shelf.hold()
    for id, topic, key, answer in [
        ("1", "t", "k", "1"),
        ("2", "t", "k", "1"),
        ("3", "u", "k", "3"),
        ("4", "t", "", "4"),
        ("5", "t", "", "5"),
    ]:
        assert await held.publish(Publication(event(topic, id=id), (), key)) == answer


# ------------------------------------------------------------ the end of the run

ASK: dict[str, Callable[[HeldWrites], Awaitable[Any]]] = {
    "get": lambda held: held.state.get("g", "k"),
    "values": lambda held: held.state.values("g"),
    "keys": lambda held: held.state.keys("g"),
    "write": lambda held: held.state.write(StateWrite("g", "k", lambda _: b"\x01")),
    "clear": lambda held: held.state.clear(StateClear("g")),
    "item": lambda held: held.streams.get("s", "g", "1"),
    "items": lambda held: held.streams.items("s", "g"),
    "write item": lambda held: held.streams.write(StreamWrite("s", "g", "1", lambda _: b"\x01")),
    "entry": lambda held: held.state.entry("g", "k"),
    "publish": lambda held: held.publish(Publication(event(), ())),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=list(ASK))
@pytest.mark.parametrize("committed", [True, False])
async def test_what_comes_after_the_end_is_refused(
    shelf: Shelf, ask: Callable[[HeldWrites], Awaitable[Any]], committed: bool
) -> None:
    held = shelf.hold()
    await ask(held)
    if committed:
        await shelf.commit_of(held)
    held.drop()
    content = shelf.content
    with pytest.raises(HostCallRefused, match=ENDED):
        await ask(held)
    with pytest.raises(HostCallRefused, match=ENDED):
        held.bind(shelf.services)
    with pytest.raises(HostCallRefused, match=ENDED):
        await shelf.commit_of(held)
    assert (shelf.content, len(shelf.done)) == (content, int(committed))


async def test_a_call_that_still_reads_when_the_run_ends_is_refused(shelf: Shelf) -> None:
    held = shelf.hold()
    shelf.state.open.clear()
    calls = [asyncio.ensure_future(ASK[name](held)) for name in ("get", "keys", "write")]
    await settle()
    await shelf.commit_of(held)
    shelf.state.open.set()
    for call in calls:
        with pytest.raises(HostCallRefused, match=ENDED):
            await call
    assert shelf.state.content == {}


@contextmanager
def no_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def test_what_was_held_is_gone_at_the_end_without_the_garbage_collector(shelf: Shelf) -> None:
    with no_collector():
        held = shelf.hold()
        await held.bind(shelf.services).state.set("g", "k", encode(1), TRACE, {})
        gone = weakref.ref(held)
        held.drop()
        del held
        assert gone() is None


# ------------------------------------------------------------ bounds


async def test_too_many_writes_are_refused_and_reads_are_none(shelf: Shelf) -> None:
    held = shelf.hold(max_held_writes=4)
    ours = held.bind(shelf.services)
    await ours.state.set("g", "k", encode("old"), TRACE, {})
    await ours.state.clear("h", TRACE)
    await ours.streams.send("s", "g", "", b"\x01")
    await ours.bus.emit("t", b"\x01", {}, TRACE)
    refused: list[Callable[[], Awaitable[Any]]] = [
        lambda: ours.state.set("g", "k", encode("new"), TRACE, {}),
        lambda: ours.state.clear("g", TRACE),
        lambda: ours.streams.send("s", "g", "", b"\x01"),
        lambda: ours.bus.emit("t", b"\x01", {}, TRACE),
    ]
    for call in refused:
        with pytest.raises(HostCallRefused, match=r"made 4 writes, which is the limit \(bus.maxHeldWrites\)"):
            await call()
    assert decode(await ours.state.values("g")) == ["old"]
    await shelf.commit_of(held)
    assert (len(shelf.published), len(shelf.told), shelf.value("k")) == (2, 1, "old")  # the change of state is one


@pytest.mark.parametrize(
    "call",
    [
        lambda on: on.state.set("g", "k", bytes(98), TRACE, {}),
        lambda on: on.state.set("g" * 50, "k" * 50, b"\x01", TRACE, {}),
        lambda on: on.state.clear("g" * 100, TRACE),
        lambda on: on.state.delete("g" * 50, "k" * 50, TRACE),
        lambda on: on.streams.set("s", "g", "1", encode({"a": "x" * 80}), TRACE),
        lambda on: on.streams.send("s", "g", "", bytes(99)),
        lambda on: on.bus.emit("t", bytes(99), {}, TRACE),
    ],
)
async def test_too_many_bytes_are_refused(shelf: Shelf, call: Callable[[Services], Awaitable[Any]]) -> None:
    held = shelf.hold(max_held_bytes=101)
    ours = held.bind(shelf.services)
    await ours.state.delete("", "12", TRACE)
    with pytest.raises(HostCallRefused, match=r"would hold \d+ bytes, over the limit of 101 \(bus.maxHeldBytes\)"):
        await call(ours)
    await shelf.commit_of(held)
    assert shelf.content == ({}, {}, [])
    assert shelf.told == []


async def test_what_is_replaced_again_counts(shelf: Shelf) -> None:
    ours = shelf.hold(max_held_bytes=100).bind(shelf.services).state
    await ours.set("g", "k", bytes(48), TRACE, {})
    await ours.set("g", "k", bytes(48), TRACE, {})
    with pytest.raises(HostCallRefused, match="would hold 102 bytes"):
        await ours.delete("g", "k", TRACE)


async def test_an_emit_with_a_key_that_is_taken_is_answered_with_the_event_that_stands_for_it() -> None:
    shelf = Shelf()
    first = await shelf.services.bus.emit("t", b"", {"idempotencyKey": "k"}, TRACE)
    bus = shelf.hold().bind(shelf.services).bus
    assert await bus.emit("t", b"", {"idempotencyKey": "k"}, TRACE) == first
    other = await bus.emit("t", b"", {"idempotencyKey": "l"}, TRACE)
    assert other != first
    assert await bus.emit("t", b"", {"idempotencyKey": "l"}, TRACE) == other
