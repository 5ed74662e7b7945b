"""What tests of event buses say over and over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from runtime.contracts import EventBus
from runtime.model import Failure, FailureKind
from runtime.records import DeadLetter, Delivery, Event, Placement, Publication, QueueKey, QueueStatus

A, B = QueueKey("t", "a"), QueueKey("t", "b")
BOOM = Failure(FailureKind.HANDLER, "boom")


def event(id: str = "e") -> Event:
    return Event(id, "t", b"\x01", "f" * 32)


async def publish(
    bus: EventBus, *ids: str, queues: Sequence[QueueKey] = (A,), due: float = 0.0, group: str = "", priority: int = 0
) -> None:
    for id in ids:
        placements = tuple(Placement(queue, due, group, priority) for queue in queues)
        assert await bus.publish(Publication(event(id), placements)) == id


def depth(bus: EventBus, queue: QueueKey) -> int:
    found = status(bus, queue)
    return found.waiting + found.delayed + found.in_flight


def status(bus: EventBus, queue: QueueKey) -> QueueStatus:
    nothing = QueueStatus(queue, 0, 0, 0, 0, None, False)
    return next((found for found in bus.status() if found.queue == queue), nothing)


async def letters(bus: EventBus, queue: QueueKey = A) -> list[DeadLetter]:
    return list(await bus.dead_letters(queue, 1000))


async def take(bus: EventBus, queue: QueueKey = A) -> Delivery:
    async with asyncio.timeout(5):
        return await bus.take(queue)
