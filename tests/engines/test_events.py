"""The event bus of every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from runtime.contracts import EventBus
from runtime.errors import HostCallRefused
from runtime.model import Delivery, Event, Failure, FailureKind, QueueKey
from tests.engines.conftest import MAX_DEAD_LETTERS, MAX_QUEUE_LENGTH
from tests.fakes import FakeClock, settle

A, B = QueueKey("t", "a"), QueueKey("t", "b")
BOOM = Failure(FailureKind.HANDLER, "boom")


def event(id: str = "e") -> Event:
    return Event(id, "t", b"\x01", "f" * 32)


async def publish(bus: EventBus, *ids: str, queues: Sequence[QueueKey] = (A,)) -> None:
    for id in ids:
        await bus.publish(event(id), dict.fromkeys(queues, 0.0))


async def take(bus: EventBus, queue: QueueKey = A) -> Delivery:
    async with asyncio.timeout(5):
        return await bus.take(queue)


async def test_an_event_is_delivered_as_it_was_published(bus: EventBus) -> None:
    await publish(bus, "e")
    delivery = await take(bus)
    assert (delivery.event, delivery.queue, delivery.attempt) == (event(), A, 1)


async def test_events_are_taken_in_order(bus: EventBus) -> None:
    await publish(bus, *"12345")
    assert [(await take(bus)).event.id for _ in range(5)] == list("12345")


async def test_each_queue_gets_the_event(bus: EventBus) -> None:
    await publish(bus, "e", queues=(A, B))
    assert (await take(bus, A)).event == (await take(bus, B)).event
    assert (bus.depth(A), bus.depth(B)) == (1, 1)


async def test_a_queue_knows_no_other(bus: EventBus) -> None:
    await publish(bus, "e", queues=(B,))
    taker = asyncio.ensure_future(bus.take(A))
    await settle()
    assert not taker.done()
    taker.cancel()


async def test_without_queues_nothing_is_kept(bus: EventBus) -> None:
    await publish(bus, "e", queues=())
    assert bus.depth(A) == 0


async def test_a_taker_waits_for_the_next_event(bus: EventBus) -> None:
    taker = asyncio.ensure_future(take(bus))
    await settle()
    assert not taker.done()
    await publish(bus, "e")
    assert (await taker).event.id == "e"


async def test_depth_counts_what_waits_is_delayed_or_is_leased(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2")
    await bus.publish(event("3"), {A: clock.now() + 5})
    assert bus.depth(A) == 3
    first = await take(bus)
    assert bus.depth(A) == 3
    await bus.acknowledge(first)
    assert bus.depth(A) == 2
    second = await take(bus)
    await bus.retry(second, BOOM, clock.now() + 5)
    assert bus.depth(A) == 2
    await clock.advance(5)
    await bus.bury(await take(bus), BOOM)
    assert bus.depth(A) == 1


async def test_an_acknowledged_event_does_not_come_again(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "e")
    await bus.acknowledge(await take(bus))
    taker = asyncio.ensure_future(bus.take(A))
    await clock.advance(10_000)
    assert not taker.done()
    taker.cancel()


async def test_an_event_is_not_taken_before_it_is_due(bus: EventBus, clock: FakeClock) -> None:
    await bus.publish(event("late"), {A: clock.now() + 10})
    await bus.publish(event("soon"), {A: clock.now() + 5})
    await publish(bus, "now")
    assert (await take(bus)).event.id == "now"
    taker = asyncio.ensure_future(take(bus))
    await clock.advance(4.5)
    assert not taker.done()
    await clock.advance(0.5)
    assert (await taker).event.id == "soon"
    await clock.advance(5)
    assert (await take(bus)).event.id == "late"


async def test_an_event_that_is_due_goes_before_one_that_comes_later(bus: EventBus, clock: FakeClock) -> None:
    await bus.publish(event("delayed"), {A: clock.now() + 5})
    await clock.advance(5)
    await publish(bus, "fresh")
    assert [(await take(bus)).event.id for _ in range(2)] == ["delayed", "fresh"]


async def test_a_retry_is_the_same_event_with_the_next_attempt(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "e")
    for attempt in (1, 2, 3):
        delivery = await take(bus)
        assert (delivery.event, delivery.attempt) == (event(), attempt)
        await bus.retry(delivery, BOOM, clock.now() + 1)
        taker = asyncio.ensure_future(bus.take(A))
        await settle()
        assert not taker.done()
        taker.cancel()
        await clock.advance(1)


async def test_a_retry_that_is_due_comes_at_once(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "e")
    await bus.retry(await take(bus), BOOM, clock.now())
    assert (await take(bus)).attempt == 2


async def test_every_delivery_has_an_id_of_its_own(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2")
    first, second = await take(bus), await take(bus)
    await bus.retry(first, BOOM, clock.now())
    assert len({first.id, second.id, (await take(bus)).id}) == 3


async def test_a_buried_event_is_a_dead_letter_with_its_failure(bus: EventBus) -> None:
    assert list(bus.dead_letters(A)) == []
    await publish(bus, "1", "2", queues=(A, B))
    for message in ("one", "two"):
        await bus.bury(await take(bus), Failure(FailureKind.HANDLER, message))
    assert [(letter.id, failure.message) for letter, failure in bus.dead_letters(A)] == [("1", "one"), ("2", "two")]
    assert list(bus.dead_letters(B)) == []
    assert (bus.depth(A), bus.depth(B)) == (0, 2)


async def test_dead_letters_are_bounded_and_the_oldest_go_first(bus: EventBus) -> None:
    for number in range(MAX_DEAD_LETTERS + 2):
        await publish(bus, str(number))
        await bus.bury(await take(bus), BOOM)
    kept = [letter.id for letter, _ in bus.dead_letters(A)]
    assert kept == [str(number) for number in range(2, MAX_DEAD_LETTERS + 2)]


async def test_a_full_queue_refuses_and_no_other_queue_has_the_event(bus: EventBus, clock: FakeClock) -> None:
    for number in range(MAX_QUEUE_LENGTH):
        await bus.publish(event(str(number)), {A: clock.now() + number % 2})
    leased = await take(bus)
    with pytest.raises(HostCallRefused, match=r"'t' for step 'a' is full"):
        await publish(bus, "more", queues=(B, A))
    assert (bus.depth(A), bus.depth(B)) == (MAX_QUEUE_LENGTH, 0)
    await bus.acknowledge(leased)
    await publish(bus, "more", queues=(B, A))
    assert (bus.depth(A), bus.depth(B)) == (MAX_QUEUE_LENGTH, 1)


async def test_many_takers_get_each_event_once(bus: EventBus) -> None:
    got: list[str] = []

    async def consume() -> None:
        while True:
            delivery = await bus.take(A)
            got.append(delivery.event.id)
            await bus.acknowledge(delivery)

    takers = [asyncio.ensure_future(consume()) for _ in range(5)]
    await settle()
    for start in range(0, 60, MAX_QUEUE_LENGTH):
        await publish(bus, *(str(number) for number in range(start, start + MAX_QUEUE_LENGTH)))
        await settle()
    assert sorted(got, key=int) == [str(number) for number in range(start + MAX_QUEUE_LENGTH)]
    for taker in takers:
        taker.cancel()


async def test_takers_that_wait_are_served_in_their_order(bus: EventBus) -> None:
    takers = []
    for _ in range(3):
        takers.append(asyncio.ensure_future(take(bus)))
        await settle()
    await publish(bus, *"123")
    assert [(await taker).event.id for taker in takers] == list("123")


async def test_a_taker_that_left_loses_no_event(bus: EventBus) -> None:
    gone = asyncio.ensure_future(bus.take(A))
    await settle()
    gone.cancel()
    await settle()
    await publish(bus, "e")
    assert (await take(bus)).event.id == "e"


async def test_a_taker_that_leaves_as_its_event_comes_loses_no_event(bus: EventBus) -> None:
    gone = asyncio.ensure_future(bus.take(A))
    await settle()
    await publish(bus, "e")
    gone.cancel()
    await settle()
    assert gone.cancelled()
    assert (await take(bus)).event.id == "e"


async def test_a_taker_that_leaves_as_its_event_comes_hands_it_to_the_next(bus: EventBus) -> None:
    gone = asyncio.ensure_future(bus.take(A))
    await settle()
    next_in_line = asyncio.ensure_future(bus.take(A))
    await settle()
    await publish(bus, "e")
    gone.cancel()
    await settle()
    assert gone.cancelled()
    try:
        assert next_in_line.done(), "an event is ready and a taker waits for it"
    finally:
        next_in_line.cancel()
