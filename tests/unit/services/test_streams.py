"""services/streams: items with metadata, changes to whoever listens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from runtime.catalog import Catalog, build_catalog
from runtime.config import BusSettings, StreamSettings
from runtime.errors import HostCallRefused
from runtime.model import LoadedFile, Manifest, StreamDefinition, Validation
from runtime.records import StreamChange
from runtime.services.changes import ChangeService
from runtime.services.schemas import SchemaService
from runtime.services.streams import StreamService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.streams import MemoryStreamStore
from runtime.values import decode, encode
from tests.fakes import FakeClock, Reports, unchecked

STAMP = {"type": "state-stream", "streamName": "s", "groupId": "g", "id": "1"}
TRACE = "f" * 32
CREATED = "2023-11-14T22:13:20.000Z"


class Streaming:
    def __init__(self) -> None:
        self.clock = FakeClock(1_700_000_000.0)
        self.engine = MemoryEngine(self.clock, BusSettings(max_queue_length=3))
        self.follows = ChangeService(self.clock)
        self.service = StreamService(self.engine, self.follows, self.clock, 300, unchecked())
        self.service.catalog = Catalog(streams={"s": StreamDefinition("s", "node", "steps/s.stream.ts")})
        self.changes: list[StreamChange] = []
        self.end = self.service.listen(self.changes.append)

    async def set(self, data: Any, id: str = "1") -> Any:
        return decode(await self.service.set("s", "g", id, encode(data), TRACE))

    @property
    def operations(self) -> list[str]:
        return [change.operation for change in self.changes]


@pytest.fixture
def streaming() -> Streaming:
    return Streaming()


async def test_an_item_is_stamped(streaming: Streaming) -> None:
    item = await streaming.set({"a": 1})
    assert item == {"a": 1, "id": "1", "_createdAt": CREATED, "__motia": STAMP}
    assert decode(await streaming.service.get("s", "g", "1")) == item
    assert decode(await streaming.service.items("s", "g")) == [item]


async def test_metadata_is_the_runtime_s_alone(streaming: Streaming) -> None:
    item = await streaming.set({"id": "x", "_createdAt": "x", "__motia": "x", "b": 2})
    assert item == {"b": 2, "id": "1", "_createdAt": CREATED, "__motia": STAMP}


async def test_a_new_version_keeps_the_time_of_creation_and_not_the_data(streaming: Streaming) -> None:
    await streaming.set({"a": 1})
    await streaming.clock.advance(60)
    assert await streaming.set({"b": 2}) == {"b": 2, "id": "1", "_createdAt": CREATED, "__motia": STAMP}


async def test_an_item_that_was_deleted_is_new_again(streaming: Streaming) -> None:
    await streaming.set({})
    await streaming.service.delete("s", "g", "1", TRACE)
    await streaming.clock.advance(60)
    assert (await streaming.set({}))["_createdAt"] == "2023-11-14T22:14:20.000Z"
    assert streaming.operations == ["create", "delete", "create"]


async def test_update_works_on_the_data_alone(streaming: Streaming) -> None:
    await streaming.set({"n": 1})
    operations = encode([{"op": "increment", "path": "n"}, {"op": "set", "path": "id", "value": "x"}])
    item = decode(await streaming.service.update("s", "g", "1", operations, TRACE))
    assert item == {"n": 2, "id": "1", "_createdAt": CREATED, "__motia": STAMP}
    assert streaming.operations == ["create", "update"]


async def test_update_creates(streaming: Streaming) -> None:
    item = decode(await streaming.service.update("s", "g", "1", encode([{"op": "increment", "path": "n"}]), TRACE))
    assert item["n"] == 1
    assert streaming.operations == ["create"]


async def test_changes_are_told_in_order_with_the_item(streaming: Streaming) -> None:
    await streaming.set({"a": 1})
    await streaming.set({"a": 2})
    deleted = await streaming.service.delete("s", "g", "1", TRACE)
    assert streaming.operations == ["create", "update", "delete"]
    assert [decode(change.data)["a"] for change in streaming.changes] == [1, 2, 2]
    assert decode(deleted)["a"] == 2
    assert {(change.stream, change.group, change.id) for change in streaming.changes} == {("s", "g", "1")}


async def test_what_is_not_there_is_empty_and_its_delete_tells_nobody(streaming: Streaming) -> None:
    assert await streaming.service.get("s", "g", "1") == b""
    assert await streaming.service.delete("s", "g", "1", TRACE) == b""
    assert decode(await streaming.service.items("s", "g")) == []
    assert streaming.changes == []


async def test_a_passing_event_is_told_and_not_stored(streaming: Streaming) -> None:
    await streaming.service.send("s", "g", "", b"\x01")
    assert streaming.changes == [StreamChange("s", "g", "", "event", b"\x01")]
    assert decode(await streaming.service.items("s", "g")) == []


async def test_a_listener_that_left_hears_nothing_and_the_others_go_on(streaming: Streaming) -> None:
    other: list[StreamChange] = []
    streaming.service.listen(other.append)
    streaming.end()
    await streaming.set({})
    assert (streaming.changes, len(other)) == ([], 1)


async def test_a_listener_may_leave_while_it_is_told(streaming: Streaming) -> None:
    leave: list[Callable[[], None]] = []
    heard: list[StreamChange] = []
    leave.append(streaming.service.listen(lambda _: leave.pop()()))
    streaming.service.listen(heard.append)
    await streaming.set({})
    assert len(heard) == len(streaming.changes) == 1


@pytest.mark.parametrize("data", [None, 5, "x", [1]])
async def test_data_that_is_no_map_is_refused(streaming: Streaming, data: Any) -> None:
    with pytest.raises(HostCallRefused, match="stream 's' is a map"):
        await streaming.set(data)
    with pytest.raises(HostCallRefused, match="stream 's' is a map"):
        await streaming.service.update("s", "g", "1", encode([{"op": "set", "value": data}]), TRACE)
    assert streaming.changes == []


async def test_an_item_over_the_limit_is_refused(streaming: Streaming) -> None:
    with pytest.raises(HostCallRefused, match=r"over the limit of 300 \(state.maxValueBytes\)"):
        await streaming.set({"a": "x" * 300})
    assert streaming.changes == []


async def test_a_stream_that_is_not_defined_is_refused_with_those_that_are(streaming: Streaming) -> None:
    service = streaming.service
    calls: list[Awaitable[Any]] = [
        service.get("x", "g", "1"),
        service.set("x", "g", "1", encode({}), TRACE),
        service.update("x", "g", "1", encode([]), TRACE),
        service.delete("x", "g", "1", TRACE),
        service.items("x", "g"),
        service.send("x", "g", "", b""),
    ]
    for call in calls:
        with pytest.raises(HostCallRefused, match=r"no stream 'x' \(known: s\)"):
            await call


async def test_the_same_service_over_another_store_sends_to_who_is_given(streaming: Streaming) -> None:
    sent: list[StreamChange] = []
    other = streaming.service.over(MemoryStreamStore(streaming.clock, StreamSettings()), sent.append)
    await other.set("s", "g", "1", encode({}), TRACE)
    await other.send("s", "g", "1", b"\x01")
    await other.delete("s", "g", "1", TRACE)
    await other.delete("s", "g", "1", TRACE)
    assert [change.operation for change in sent] == ["event"]
    assert streaming.operations == ["create", "delete"]
    await streaming.set({}, id="2")
    assert decode(await other.items("s", "g")) == []


async def test_another_catalog_counts_for_what_was_made_of_the_service_before_too(streaming: Streaming) -> None:
    other = streaming.service.over(MemoryStreamStore(streaming.clock, StreamSettings()), lambda change: None)
    streaming.service.catalog = Catalog(streams={"x": StreamDefinition("x", "node", "steps/x.stream.ts")})
    await other.set("x", "g", "1", encode({}), TRACE)
    with pytest.raises(HostCallRefused, match="no stream 's'"):
        await other.set("s", "g", "1", encode({}), TRACE)


async def test_an_update_that_leaves_the_item_as_it_is_is_no_change(streaming: Streaming) -> None:
    item = await streaming.set({"n": 1})
    operations = encode([{"op": "increment", "path": "n", "value": 0}, {"op": "remove", "path": "x"}])
    assert decode(await streaming.service.update("s", "g", "1", operations, TRACE)) == item
    await streaming.set({"n": 1})
    assert streaming.operations == ["create", "update"]


@pytest.mark.parametrize("name", ["set", "update"])
async def test_an_item_needs_an_id(streaming: Streaming, name: str) -> None:
    with pytest.raises(HostCallRefused, match="an item of stream 's' needs an id"):
        await getattr(streaming.service, name)("s", "g", "", encode({} if name == "set" else []), TRACE)
    assert streaming.changes == []


async def test_a_sum_that_no_value_can_hold_is_refused(streaming: Streaming) -> None:
    await streaming.set({"n": 2**64 - 1})
    with pytest.raises(HostCallRefused, match="64 bits"):
        await streaming.service.update("s", "g", "1", encode([{"op": "increment", "path": "n"}]), TRACE)


async def test_a_deleted_item_is_remembered(streaming: Streaming) -> None:
    await streaming.set({})
    assert not await streaming.service.was_deleted("s", "g", "1")
    await streaming.service.delete("s", "g", "1", TRACE)
    assert await streaming.service.was_deleted("s", "g", "1")


async def test_each_change_of_a_watched_item_is_stored_with_its_event(streaming: Streaming) -> None:
    watching = {"type": "stream", "streamName": "s", "groupId": "g"}
    stream = LoadedFile("steps/s.stream.ts", {"name": "s", "baseConfig": {"storageType": "default"}})
    step = LoadedFile("steps/w.step.ts", watching, has_handler=True)
    streaming.follows.catalog = build_catalog([Manifest("node", (step,), (stream,))])
    first = await streaming.set({"a": 1})
    second = await streaming.set({"a": 2})
    await streaming.service.delete("s", "g", "1", TRACE)
    (status,) = streaming.engine.events.status()
    events = [decode(one.event.data) for one in await streaming.engine.events.waiting(status.queue, 10)]
    assert [(one["operation"], one["value"], one["previous"]) for one in events] == [
        ("create", first, None),
        ("update", second, first),
        ("delete", None, second),
    ]
    with pytest.raises(HostCallRefused, match="full"):
        await streaming.set({"a": 3})
    assert (await streaming.service.get("s", "g", "1"), len(streaming.changes)) == (b"", 3)


async def test_an_item_that_does_not_fit_the_stream_s_schema_is_refused() -> None:
    schemas, clock = SchemaService(Validation.ENFORCE, Reports()), FakeClock(0.0)
    service = StreamService(MemoryEngine(clock, BusSettings()), ChangeService(clock), clock, 300, schemas)
    schema = {"properties": {"count": {"type": "integer"}}, "additionalProperties": False}
    service.catalog = schemas.catalog = Catalog(streams={"s": StreamDefinition("s", "node", "s.stream.ts", schema)})
    await service.set("s", "g", "1", encode({"count": 1}), TRACE)
    with pytest.raises(HostCallRefused, match="stream 's': /count: must be a whole number, is \"x\""):
        await service.set("s", "g", "1", encode({"count": "x"}), TRACE)
    with pytest.raises(HostCallRefused, match=r"/count: must be a whole number, is 1\.5"):
        await service.update("s", "g", "1", encode([{"op": "increment", "path": "count", "value": 0.5}]), TRACE)
    await service.update("s", "g", "1", encode([{"op": "increment", "path": "count", "value": 1}]), TRACE)
    item = decode(await service.get("s", "g", "1"))
    assert item["count"] == 2
    await service.set("s", "g", "1", encode(item), TRACE)  # what was read may be written


async def test_a_passing_event_is_as_large_as_an_item_may_be(streaming: Streaming) -> None:
    await streaming.service.send("s", "g", "", bytes(300))
    with pytest.raises(HostCallRefused, match=r"of stream 's' has 301 bytes, .* of 300 \(state.maxValueBytes\)"):
        await streaming.service.send("s", "g", "", bytes(301))
    assert streaming.operations == ["event"]
