"""The cron lock of every engine."""

from __future__ import annotations

import asyncio

import pytest

from runtime.contracts import CronLock, EventBus
from runtime.errors import HostCallRefused
from runtime.model import TriggerKind
from runtime.records import Event, Placement, Publication, QueueKey
from tests.engines.conftest import MAX_QUEUE_LENGTH

QUEUE = QueueKey("", "nightly", TriggerKind.CRON)


def tick_event(id: str) -> Publication:
    return Publication(Event(id, "", b"\x01", "f" * 32), (Placement(QUEUE),))


async def waiting(bus: EventBus) -> list[str]:
    return [delivery.event.id for delivery in await bus.waiting(QUEUE, 100)]


async def test_a_tick_is_fired_once(cron: CronLock) -> None:
    assert await cron.last("a") is None
    assert await cron.fire("a", 60.0, None)
    assert not await cron.fire("a", 60.0, None)
    assert await cron.last("a") == 60.0
    assert await cron.fire("a", 120.5, None)
    assert await cron.last("a") == 120.5


async def test_of_many_who_fire_one_does(cron: CronLock, bus: EventBus) -> None:
    fired = await asyncio.gather(*(cron.fire("a", 60.0, tick_event(str(number))) for number in range(20)))
    assert sum(fired) == 1
    assert await waiting(bus) == [str(fired.index(True))]


async def test_schedules_do_not_mix(cron: CronLock) -> None:
    names = ("a", "b", "", "ü\0", "\ud800")
    for place, name in enumerate(names):
        assert await cron.fire(name, 60.0 + place, None)
    assert [await cron.last(name) for name in names] == [60.0 + place for place in range(len(names))]


async def test_a_tick_that_has_passed_is_not_fired(cron: CronLock, bus: EventBus) -> None:
    assert await cron.fire("a", 120.0, None)
    assert not await cron.fire("a", 60.0, tick_event("late"))
    assert await cron.last("a") == 120.0
    assert await waiting(bus) == []
    assert await cron.fire("b", 60.0, None)


async def test_a_tick_comes_with_its_event(cron: CronLock, bus: EventBus) -> None:
    assert await cron.fire("a", 60.0, tick_event("1"))
    assert not await cron.fire("a", 60.0, tick_event("2"))
    async with asyncio.timeout(5):
        delivery = await bus.take(QUEUE)
    assert (delivery.event.id, delivery.attempt) == ("1", 1)
    await bus.acknowledge(delivery)
    assert await waiting(bus) == []


async def test_a_tick_whose_event_is_refused_can_be_fired_again(cron: CronLock, bus: EventBus) -> None:
    for tick in range(1, MAX_QUEUE_LENGTH + 1):
        assert await cron.fire("a", float(tick), tick_event(str(tick)))
    with pytest.raises(HostCallRefused, match="full"):
        await cron.fire("a", 100.0, tick_event("100"))
    assert await cron.last("a") == MAX_QUEUE_LENGTH
    async with asyncio.timeout(5):
        await bus.acknowledge(await bus.take(QUEUE))
    assert await cron.fire("a", 100.0, tick_event("100"))
    assert await cron.last("a") == 100.0
    assert (await waiting(bus))[-1] == "100"
