"""services/bus: emitting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.catalog import build_catalog
from runtime.errors import HostCallRefused
from runtime.model import LoadedFile, LogLevel, Manifest, QueueKey
from runtime.services.bus import BusService
from runtime.storage.memory.events import MemoryEventBus
from tests.fakes import FakeClock, Reports, settle

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z


class Emitting:
    def __init__(self, max_queue_length: int = 100, max_event_bytes: int = 1000, **queue: Any) -> None:
        self.clock = FakeClock(NOW)
        self.engine = MemoryEventBus(self.clock, max_queue_length, 10)
        self.reports = Reports()
        self.bus = BusService(self.engine, self.clock, max_event_bytes, self.reports)
        config = {"type": "event", "subscribes": ["t"], "infrastructure": {"queue": queue}}
        steps = (LoadedFile(f"steps/{name}.step.ts", config, has_handler=True) for name in "ab")
        self.bus.catalog = build_catalog([Manifest("node", tuple(steps))])

    async def emit(self, topic: str = "t", data: bytes = b"\x01", **options: Any) -> str:
        return await self.bus.emit(topic, data, options, "f" * 32)


async def test_an_event_goes_to_the_queue_of_each_subscriber() -> None:
    emitting = Emitting()
    id = await emitting.emit()
    for step in "ab":
        delivery = await emitting.engine.take(QueueKey("t", step))
        assert (delivery.event.id, delivery.event.data, delivery.event.trace_id) == (id, b"\x01", "f" * 32)


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
        ("2023-11-14T22:13:25", 5.0),
    ],
)
async def test_a_delay_is_seconds_or_a_date(delay: object, seconds: float) -> None:
    emitting = Emitting()
    await emitting.emit(delay=delay)
    await emitting.clock.advance(seconds - 0.1)
    assert emitting.engine.depth(QueueKey("t", "a")) == 1
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
    assert emitting.engine.depth(QueueKey("t", "a")) == 0


async def test_an_unknown_option_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(HostCallRefused, match=r"'dely' is no option of emit; known are .*delay"):
        await Emitting().emit(dely=5)


async def test_an_empty_topic_is_refused() -> None:
    with pytest.raises(HostCallRefused, match="topic"):
        await Emitting().emit("")


async def test_an_event_over_the_limit_is_refused_with_both_sizes() -> None:
    emitting = Emitting(max_event_bytes=3)
    await emitting.emit(data=b"123")
    with pytest.raises(HostCallRefused, match=r"'t' has 4 bytes, over the limit of 3 \(bus.maxEventBytes\)"):
        await emitting.emit(data=b"1234")


async def test_a_full_queue_is_refused() -> None:
    emitting = Emitting(max_queue_length=1)
    await emitting.emit()
    with pytest.raises(HostCallRefused, match="full"):
        await emitting.emit()


async def test_an_idempotency_key_is_honoured_or_refused_but_not_ignored() -> None:
    emitting = Emitting()
    try:
        first = await emitting.emit(idempotencyKey="order-7")
    except HostCallRefused:
        return
    assert await emitting.emit(idempotencyKey="order-7") == first
    assert emitting.engine.depth(QueueKey("t", "a")) == 1


async def test_a_priority_is_honoured_or_refused_but_not_ignored() -> None:
    emitting = Emitting()
    try:
        await emitting.emit(data=b"low", priority=0)
        await emitting.emit(data=b"high", priority=9)
    except HostCallRefused:
        return
    assert (await emitting.engine.take(QueueKey("t", "a"))).event.data == b"high"
