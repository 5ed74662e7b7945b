"""services/bus: emitting."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from runtime.catalog import Bound, Catalog, CatalogBuilder, build_catalog
from runtime.config import BusSettings
from runtime.errors import HostCallRefused
from runtime.model import Emit, EventTrigger, LoadedFile, LogLevel, Manifest, Step, Validation
from runtime.records import Publication, QueueKey
from runtime.services.bus import BusService
from runtime.services.schemas import SchemaService
from runtime.storage.memory.events import MemoryEventBus
from tests.engines.events import depth
from tests.fakes import FakeClock, Reports, settle, unchecked

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z


class Emitting:
    def __init__(
        self, max_queue_length: int = 100, max_event_bytes: int = 1024, strict: bool = False, **queue: Any
    ) -> None:
        self.clock = FakeClock(NOW)
        self.engine = MemoryEventBus(self.clock, max_queue_length, 60.0)
        self.reports = Reports()
        settings = BusSettings(max_event_bytes=max_event_bytes, strict_emits=strict)
        self.bus = BusService(self.engine, self.clock, settings, self.reports, unchecked())
        config = {"type": "event", "subscribes": ["t"], "infrastructure": {"queue": queue}}
        steps = (LoadedFile(f"steps/{name}.step.ts", config, has_handler=True) for name in "ab")
        self.bus.catalog = build_catalog([Manifest("node", tuple(steps))])

    async def emit_with(self, option: str, value: object) -> str:
        return await self.bus.emit("t", b"", {option: value}, "f" * 32)

    async def emit(self, topic: str = "t", data: bytes = b"\x01", step: Step | None = None, **options: Any) -> str:
        return await self.bus.emit(topic, data, options, "f" * 32, step)

    def depth(self) -> int:
        return depth(self.engine, QueueKey("t", "a"))


async def test_an_event_goes_to_the_queue_of_each_subscriber() -> None:
    emitting = Emitting()
    id = await emitting.emit()
    for step in "ab":
        delivery = await emitting.engine.take(QueueKey("t", step))
        assert (delivery.event.id, delivery.event.data, delivery.event.trace_id) == (id, b"\x01", "f" * 32)


def test_who_gets_a_topic_and_what_topic_was_meant() -> None:
    bus = Emitting().bus
    assert (bus.subscribers("t"), bus.subscribers("tt")) == (["a", "b"], [])
    assert (bus.nearest("tt"), bus.nearest("other")) == ("t", None)
    assert bus.nearest("t" * 1_000_000) is None


async def test_every_event_has_an_id_of_its_own() -> None:
    emitting = Emitting()
    assert len({await emitting.emit() for _ in range(50)}) == 50


async def test_a_topic_that_nobody_hears_is_warned_about_once() -> None:
    emitting = Emitting()
    for topic in ("lost", "lost", "T", "t"):
        assert await emitting.emit(topic)
    assert ["'lost'" in message for message in emitting.reports.messages(LogLevel.WARN)] == [True, False]


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (5, 5.0),
        (0.5, 0.5),
        ("2023-11-14T22:13:25Z", 5.0),
        ("2023-11-14T23:13:25+01:00", 5.0),
        (datetime.fromtimestamp(NOW + 5).isoformat(), 5.0),
    ],
)
async def test_a_delay_is_seconds_or_a_date(delay: object, seconds: float) -> None:
    emitting = Emitting()
    await emitting.emit(delay=delay)
    await emitting.clock.advance(seconds - 0.1)
    assert emitting.depth() == 1
    task = asyncio.ensure_future(emitting.engine.take(QueueKey("t", "a")))
    await settle()
    assert not task.done()
    await emitting.clock.advance(0.1)
    await task


async def test_a_queue_s_own_delay_counts_where_the_emitter_gives_none() -> None:
    emitting = Emitting(delaySeconds=5)
    await emitting.emit()
    await emitting.emit(delay=2)
    taken = [asyncio.ensure_future(emitting.engine.take(QueueKey("t", "a"))) for _ in range(2)]
    await emitting.clock.advance(2)
    assert [task.done() for task in taken] == [True, False]
    await emitting.clock.advance(3)
    assert [task.done() for task in taken] == [True, True]


@pytest.mark.parametrize("delay", [0, None, "2020-01-01T00:00:00Z"])
async def test_no_delay_or_one_that_has_passed(delay: object) -> None:
    emitting = Emitting()
    await emitting.emit(delay=delay)
    assert (await emitting.engine.take(QueueKey("t", "a"))).attempt == 1


@pytest.mark.parametrize("delay", [-1, True, "soon", "", [], {}, float("nan"), float("inf")])
async def test_a_delay_that_is_none_is_refused(delay: object) -> None:
    emitting = Emitting()
    with pytest.raises(HostCallRefused, match="delay"):
        await emitting.emit(delay=delay)
    assert emitting.depth() == 0


async def test_an_unknown_option_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(HostCallRefused, match=r"'dely' is no option of emit; known are .*delay"):
        await Emitting().emit(dely=5)


async def test_an_empty_topic_is_refused() -> None:
    with pytest.raises(HostCallRefused, match="topic"):
        await Emitting().emit("")


async def test_an_event_over_the_limit_is_refused_with_both_sizes() -> None:
    emitting = Emitting(max_event_bytes=1024)
    await emitting.emit(data=bytes(1024))
    with pytest.raises(HostCallRefused, match=r"'t' has 1025 bytes, over the limit of 1024 \(bus.maxEventBytes\)"):
        await emitting.emit(data=bytes(1025))


async def test_a_full_queue_is_refused() -> None:
    emitting = Emitting(max_queue_length=1)
    await emitting.emit()
    with pytest.raises(HostCallRefused, match="full"):
        await emitting.emit()


async def test_an_idempotency_key_stands_for_the_first_event() -> None:
    emitting = Emitting()
    first = await emitting.emit(idempotencyKey="order-7")
    assert await emitting.emit(idempotencyKey="order-7") == first
    assert await emitting.emit(idempotencyKey="order-8") != first
    assert emitting.depth() == 2


async def test_a_higher_priority_is_taken_first() -> None:
    emitting = Emitting()
    await emitting.emit(data=b"low", priority=0)
    await emitting.emit(data=b"high", priority=9)
    assert (await emitting.engine.take(QueueKey("t", "a"))).event.data == b"high"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("priority", "high"),
        ("priority", 1.5),
        ("priority", True),
        ("priority", 2**40),
        ("idempotencyKey", 7),
        ("idempotencyKey", ""),
        ("idempotencyKey", "x" * 2000),
        ("messageGroupId", ["a"]),
        ("messageGroupId", ""),
    ],
)
async def test_an_option_that_is_none_is_refused_by_its_name(option: str, value: object) -> None:
    emitting = Emitting()
    with pytest.raises(HostCallRefused, match=option):
        await emitting.emit_with(option, value)
    assert emitting.depth() == 0


async def test_a_fifo_subscriber_needs_a_group_and_keeps_its_order() -> None:
    emitting = Emitting(type="fifo")
    with pytest.raises(HostCallRefused, match=r"step 'a' takes 't' from a fifo queue.*messageGroupId"):
        await emitting.emit()
    assert emitting.depth() == 0
    await emitting.emit(messageGroupId="g")
    assert (await emitting.engine.take(QueueKey("t", "a"))).group == "g"


async def test_a_standard_subscriber_needs_no_order() -> None:
    emitting = Emitting()
    await emitting.emit(messageGroupId="g")
    assert (await emitting.engine.take(QueueKey("t", "a"))).group == ""


def emitter(*topics: str) -> Step:
    return Step("s", "node", "steps/s.step.ts", "event", emits=tuple(Emit(topic) for topic in topics))


async def test_a_topic_that_the_step_does_not_declare_is_delivered_and_warned_about_once() -> None:
    emitting = Emitting()
    for _ in range(2):
        await emitting.emit(step=emitter("u"))
    await emitting.emit(step=emitter("u", "t"))
    assert emitting.depth() == 3
    [warning] = emitting.reports.messages(LogLevel.WARN)
    assert "'s'" in warning and "'t'" in warning


async def test_strict_emits_refuse_a_topic_that_the_step_does_not_declare() -> None:
    emitting = Emitting(strict=True)
    with pytest.raises(HostCallRefused, match="strictEmits"):
        await emitting.emit(step=emitter("u"))
    await emitting.emit(step=emitter("t"))
    await emitting.emit()
    assert emitting.depth() == 2


async def test_over_another_publisher_nothing_reaches_the_bus() -> None:
    class Kept:
        def __init__(self) -> None:
            self.publications: list[Publication] = []

        async def publish(self, publication: Publication) -> str:
            self.publications.append(publication)
            return publication.event.id

    emitting, kept = Emitting(), Kept()
    id = await emitting.bus.over(kept).emit("t", b"", {}, "f" * 32)
    assert [publication.event.id for publication in kept.publications] == [id]
    assert emitting.depth() == 0


async def test_data_that_a_subscriber_could_never_take_is_refused_before_it_is_published() -> None:
    emitting = Emitting()
    schemas = SchemaService(Validation.ENFORCE, emitting.reports)
    bus = BusService(emitting.engine, emitting.clock, BusSettings(), emitting.reports, schemas)
    heard = EventTrigger("t", {"type": "object"})
    taker = Step("Taker", "node", "steps/taker.step.ts", "event", (heard,))
    bus.catalog = schemas.catalog = Catalog(subscriptions={"t": (Bound(taker, heard),)})
    for over in (bus, bus.over(emitting.engine)):
        with pytest.raises(HostCallRefused, match="input of step 'Taker': must be a map, is 1"):
            await over.emit("t", b"\x01", {}, "f" * 32)
        assert await over.emit("t", b"\x80", {}, "f" * 32)
    assert depth(emitting.engine, QueueKey("t", "Taker")) == 2


async def test_another_catalog_counts_for_what_was_made_of_the_service_before_too() -> None:
    emitting = Emitting()
    held = emitting.bus.over(emitting.engine)
    subscriber = LoadedFile("steps/c.step.ts", {"type": "event", "subscribes": ["t"]}, has_handler=True)
    emitting.bus.catalog = build_catalog([Manifest("node", (subscriber,))])
    await held.emit("t", b"", {}, "f" * 32)
    assert (emitting.depth(), depth(emitting.engine, QueueKey("t", "c"))) == (0, 1)


async def test_a_remembered_step_whose_file_is_broken_has_its_say_in_how_events_are_placed() -> None:
    emitting = Emitting()
    queue = {"type": "fifo", "delaySeconds": 7}
    config = {"type": "event", "name": "W", "subscribes": ["w"], "infrastructure": {"queue": queue}}
    file = LoadedFile("steps/w.step.ts", config, has_handler=True)
    remembered = build_catalog([Manifest("node", (file,))]).remembered
    emitting.bus.catalog = CatalogBuilder().build([], remembered=remembered)
    with pytest.raises(HostCallRefused, match="messageGroupId"):
        await emitting.emit("w")
    first = await emitting.emit("w", messageGroupId="g", idempotencyKey="k")
    assert await emitting.emit("w", messageGroupId="g", idempotencyKey="k") == first
    [status] = [each for each in emitting.engine.status() if each.queue == QueueKey("w", "W")]
    assert (status.waiting, status.delayed) == (0, 1)
    assert emitting.reports.lines == []
