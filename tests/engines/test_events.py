"""The event bus of every engine: publishing, taking, settling."""

from __future__ import annotations

import asyncio

import anyio
import pytest
from anyio.lowlevel import checkpoint

from runtime.contracts import EventBus
from runtime.errors import HostCallRefused
from runtime.model import Failure, FailureKind
from tests.engines.conftest import MAX_QUEUE_LENGTH
from tests.engines.events import BOOM, A, B, depth, event, letters, publish, take
from tests.fakes import FakeClock, settle


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
    assert (depth(bus, A), depth(bus, B)) == (1, 1)


async def test_a_queue_knows_no_other(bus: EventBus) -> None:
    await publish(bus, "e", queues=(B,))
    taker = asyncio.ensure_future(bus.take(A))
    await settle()
    assert not taker.done()
    taker.cancel()


async def test_without_queues_nothing_is_kept(bus: EventBus) -> None:
    await publish(bus, "e", queues=())
    assert depth(bus, A) == 0


async def test_a_taker_waits_for_the_next_event(bus: EventBus) -> None:
    taker = asyncio.ensure_future(take(bus))
    await settle()
    assert not taker.done()
    await publish(bus, "e")
    assert (await taker).event.id == "e"


async def test_depth_counts_what_waits_is_delayed_or_is_leased(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2")
    await publish(bus, "3", due=clock.now() + 5)
    assert depth(bus, A) == 3
    first = await take(bus)
    assert depth(bus, A) == 3
    await bus.acknowledge(first)
    assert depth(bus, A) == 2
    second = await take(bus)
    await bus.retry(second, BOOM, clock.now() + 5)
    assert depth(bus, A) == 2
    await clock.advance(5)
    await bus.bury(await take(bus), BOOM)
    assert depth(bus, A) == 1


async def test_an_acknowledged_event_does_not_come_again(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "e")
    await bus.acknowledge(await take(bus))
    taker = asyncio.ensure_future(bus.take(A))
    await clock.advance(10_000)
    assert not taker.done()
    taker.cancel()


async def test_an_event_is_not_taken_before_it_is_due(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "late", due=clock.now() + 10)
    await publish(bus, "soon", due=clock.now() + 5)
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
    await publish(bus, "delayed", due=clock.now() + 5)
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


async def test_a_released_event_comes_again_as_the_same_attempt(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2")
    await bus.retry(await take(bus), BOOM, clock.now())
    for _ in range(2):
        delivery = await take(bus)
        await clock.advance(1)
        assert (delivery.event.id, delivery.attempt, len(delivery.failed)) == ("1", 2, 1)
        await bus.release(delivery)
    assert [(await take(bus)).event.id for _ in range(2)] == ["1", "2"]


async def test_every_event_has_an_id_in_its_queue_that_stays_across_attempts(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2")
    first, second = await take(bus), await take(bus)
    assert first.id != second.id
    await bus.retry(first, BOOM, clock.now())
    assert (await take(bus)).id == first.id


async def test_a_buried_event_is_a_dead_letter_with_its_failure(bus: EventBus) -> None:
    assert await letters(bus) == []
    await publish(bus, "1", "2", queues=(A, B))
    for message in ("one", "two"):
        await bus.bury(await take(bus), Failure(FailureKind.HANDLER, message))
    found = [(letter.event.id, letter.attempts[-1].failure.message) for letter in await letters(bus)]
    assert found == [("1", "one"), ("2", "two")]
    assert await letters(bus, B) == []
    assert (depth(bus, A), depth(bus, B)) == (0, 2)


async def test_a_full_queue_refuses_and_no_other_queue_has_the_event(bus: EventBus, clock: FakeClock) -> None:
    for number in range(MAX_QUEUE_LENGTH):
        await publish(bus, str(number), due=clock.now() + number % 2)
    leased = await take(bus)
    with pytest.raises(HostCallRefused, match=r"'t' for step 'a' is full"):
        await publish(bus, "more", queues=(B, A))
    assert (depth(bus, A), depth(bus, B)) == (MAX_QUEUE_LENGTH, 0)
    await bus.acknowledge(leased)
    await publish(bus, "more", queues=(B, A))
    assert (depth(bus, A), depth(bus, B)) == (MAX_QUEUE_LENGTH, 1)


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
    # An engine may have handed the event over before `publish` returned; then the taker has it.
    assert (await take(bus) if gone.cancelled() else gone.result()).event.id == "e"


async def test_a_taker_that_leaves_as_its_event_comes_hands_it_to_the_next(bus: EventBus) -> None:
    gone = asyncio.ensure_future(bus.take(A))
    await settle()
    next_in_line = asyncio.ensure_future(bus.take(A))
    await settle()
    await publish(bus, "e")
    gone.cancel()
    await settle()
    try:
        assert next_in_line.done() == gone.cancelled(), "an event is ready and a taker waits for it"
    finally:
        next_in_line.cancel()


@pytest.mark.parametrize("turns", range(4))
async def test_a_wait_that_is_ended_as_its_event_comes_has_it_or_leaves_it(bus: EventBus, turns: int) -> None:
    taken: list[str] = []
    scope = anyio.CancelScope()

    async def wait() -> None:
        with scope:
            taken.append((await bus.take(A)).event.id)

    waiting = asyncio.ensure_future(wait())
    await settle()
    publishing = asyncio.ensure_future(publish(bus, "e"))
    for _ in range(turns):
        await checkpoint()
    scope.cancel()
    await asyncio.gather(waiting, publishing)
    assert taken or (await take(bus)).event.id == "e"


async def test_an_event_is_delivered_although_its_publisher_has_gone(bus: EventBus) -> None:
    for turns in range(4):
        publishing = asyncio.ensure_future(publish(bus, str(turns)))
        for _ in range(turns):
            await asyncio.sleep(0)
        publishing.cancel()
        await settle()
    await publish(bus, "last")  # behind which all that came before is stored
    stored = depth(bus, A)
    assert stored >= 3, "some of the publishers were gone after their event was stored"
    assert {(await take(bus)).event.id for _ in range(stored)} <= {"0", "1", "2", "3", "last"}
