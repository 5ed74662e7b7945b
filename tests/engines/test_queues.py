"""The event bus of every engine: groups, keys, dead letters, repairs, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from runtime.contracts import EventBus
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import Failure, FailureKind
from runtime.records import Event, Placement, Publication, QueueStatus
from runtime.storage.sqlite.engine import SqliteEngine
from tests.engines.conftest import DURABLE, IDEMPOTENCY_WINDOW, MAX_QUEUE_LENGTH, Opened
from tests.engines.events import BOOM, A, B, depth, event, letters, publish, status, take
from tests.fakes import FakeClock, settle


async def test_a_higher_priority_goes_first_and_equal_ones_keep_their_order(bus: EventBus) -> None:
    for id, priority in (("1", 0), ("2", 5), ("3", -1), ("4", 5)):
        await publish(bus, id, priority=priority)
    assert [(await take(bus)).event.id for _ in range(4)] == ["2", "4", "1", "3"]


async def test_a_group_is_taken_one_after_the_other_and_holds_up_no_other(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "a1", "a2", group="a")
    await publish(bus, "b1", "b2", group="b", priority=1)
    b1, a1 = await take(bus), await take(bus)
    assert (b1.event.id, a1.event.id) == ("b1", "a1")
    await bus.retry(a1, BOOM, clock.now() + 5)
    await bus.acknowledge(b1)
    assert (await take(bus)).event.id == "b2"
    taker = asyncio.ensure_future(take(bus))
    await clock.advance(4)
    assert not taker.done()
    await clock.advance(1)
    again = await taker
    assert (again.event.id, again.attempt) == ("a1", 2)
    await bus.bury(again, BOOM)
    assert (await take(bus)).event.id == "a2"


async def test_an_idempotency_key_stands_for_the_first_event_within_its_window(bus: EventBus, clock: FakeClock) -> None:
    async def emit(id: str, topic: str = "t", key: str = "k") -> str:
        return await bus.publish(Publication(Event(id, topic, b"", ""), (Placement(A),), key))

    assert await emit("1") == "1"
    await bus.acknowledge(await take(bus))
    assert await emit("2") == "1"
    assert await emit("3", topic="other") == "3"
    assert await emit("4", key="l") == "4"
    assert depth(bus, A) == 2
    await clock.advance(IDEMPOTENCY_WINDOW)
    assert await emit("5") == "5"
    assert await emit("6") == "5"


async def test_two_emits_with_one_key_at_once_make_one_event(bus: EventBus) -> None:
    def emit(id: str) -> Coroutine[Any, Any, str]:
        return bus.publish(Publication(Event(id, "t", b"", ""), (Placement(A),), "k"))

    assert len(set(await asyncio.gather(*(emit(str(number)) for number in range(20))))) == 1
    assert depth(bus, A) == 1


async def test_an_emit_that_is_refused_leaves_its_key_free(bus: EventBus) -> None:
    await publish(bus, *map(str, range(MAX_QUEUE_LENGTH)))
    with pytest.raises(HostCallRefused):
        await bus.publish(Publication(event("x"), (Placement(A),), "k"))
    await bus.acknowledge(await take(bus))
    assert await bus.publish(Publication(event("y"), (Placement(A),), "k")) == "y"


async def test_a_dead_letter_has_every_attempt(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "e", group="g", priority=3)
    cause = Failure(FailureKind.HANDLER, "cause", type="IOError", stack="at x")
    for number in (1, 2):
        began = clock.now()
        delivery = await take(bus)
        await clock.advance(2)
        failure = Failure(FailureKind.DEADLINE, f"late {number}", cause=cause)
        if number == 1:
            await bus.retry(delivery, failure, clock.now())
    await bus.bury(delivery, failure)
    [letter] = await letters(bus)
    assert [(a.number, a.failure.message, a.ended - a.began) for a in letter.attempts] == [
        (1, "late 1", 2),
        (2, "late 2", 2),
    ]
    assert letter.attempts[1].began == began
    assert letter.attempts[0].failure.cause == cause
    assert (letter.event, letter.queue, letter.group, letter.priority) == (event(), A, "g", 3)
    assert letter.buried == clock.now()
    assert status(bus, A) == QueueStatus(A, 0, 0, 0, 1, None, False)


async def test_a_redriven_letter_starts_anew_and_is_redriven_once(bus: EventBus) -> None:
    await publish(bus, "1", "2")
    for _ in range(2):
        await bus.bury(await take(bus), BOOM)
    first, second = await letters(bus)
    assert await bus.redrive([first], None, b"\x02") == 1
    assert await bus.redrive([first], None, None) == 0
    assert await bus.redrive([second], B, None) == 1
    one, two = await take(bus, A), await take(bus, B)
    assert (one.event.id, one.event.data, one.attempt, one.failed) == ("1", b"\x02", 1, ())
    assert (two.event.id, two.event.data) == ("2", b"\x01")
    assert await letters(bus) == []


async def test_events_and_letters_move_to_another_queue(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2", "3", group="g")
    await publish(bus, "late", due=clock.now() + 5)
    await bus.bury(await take(bus), BOOM)
    taken = await take(bus)
    assert await bus.move(A, B) == 3
    assert (depth(bus, A), depth(bus, B)) == (1, 2)
    assert [letter.event.id for letter in await letters(bus, B)] == ["1"]
    assert (await take(bus, B)).event.id == "3"
    await bus.acknowledge(taken)
    await clock.advance(5)
    assert (await take(bus, B)).event.id == "late"
    assert status(bus, A).dead == 0


async def test_purge_forgets_what_waits_or_what_is_dead(bus: EventBus, clock: FakeClock) -> None:
    await publish(bus, "1", "2", group="g")
    await publish(bus, "late", due=clock.now() + 5)
    taken = await take(bus)
    assert await bus.purge(A, dead=False) == 2
    await bus.bury(taken, BOOM)
    assert await bus.purge(A, dead=True) == 1
    assert list(bus.status()) == []
    await publish(bus, "3", group="g")
    assert (await take(bus)).event.id == "3"


async def test_nothing_is_taken_from_a_paused_queue(bus: EventBus) -> None:
    takers = [asyncio.ensure_future(take(bus)) for _ in range(2)]
    await settle()
    await bus.pause(A, True)
    await publish(bus, "1", "2")
    await settle()
    assert not any(taker.done() for taker in takers)
    assert status(bus, A).paused
    await bus.pause(A, False)
    assert [(await taker).event.id for taker in takers] == ["1", "2"]


async def test_the_status_counts_each_event_in_one_place(bus: EventBus, clock: FakeClock) -> None:
    before = clock.now()
    await bus.publish(Publication(Event("1", "t", b"", "", before), (Placement(A, group="g"),)))
    await publish(bus, "2", group="g")
    await publish(bus, "3", due=before + 5)
    await take(bus)
    assert status(bus, A) == QueueStatus(A, waiting=1, delayed=1, in_flight=1, dead=0, oldest=before, paused=False)
    assert [delivery.event.id for delivery in await bus.waiting(A, 2)] == ["1", "2"]


@pytest.mark.parametrize("name", DURABLE)
async def test_everything_outlives_the_process(opened: Opened, clock: FakeClock) -> None:
    async with opened() as engine:
        bus = engine.events
        await publish(bus, "a1", "a2", group="a", priority=2)
        await publish(bus, "late", due=clock.now() + 50)
        await publish(bus, "dead", queues=(B,))
        await bus.bury(await take(bus, B), BOOM)
        await bus.pause(B, True)
        await bus.retry(await take(bus), BOOM, clock.now() + 5)
        before = list(bus.status())
    async with opened() as engine:
        bus = engine.events
        assert list(bus.status()) == before
        assert [letter.event.id for letter in await letters(bus, B)] == ["dead"]
        await clock.advance(5)
        first = await take(bus)
        assert (first.event, first.attempt, first.group, first.priority) == (event("a1"), 2, "a", 2)
        assert [attempt.failure for attempt in first.failed] == [BOOM]
        await bus.acknowledge(first)
        assert (await take(bus)).event.id == "a2"
        await clock.advance(45)
        assert (await take(bus)).event.id == "late"


@pytest.mark.parametrize("name", DURABLE)
async def test_what_was_taken_and_not_settled_comes_again(opened: Opened) -> None:
    async with opened() as engine:
        await publish(engine.events, "1", "2")
        await engine.events.acknowledge(await take(engine.events))
        await take(engine.events)
    async with opened() as engine:
        assert (await take(engine.events)).event.id == "2"
        assert depth(engine.events, A) == 1


@pytest.mark.parametrize("name", ["sqlite"])
async def test_a_long_run_that_was_cut_off_counts_as_an_attempt(opened: Opened, clock: FakeClock) -> None:
    async with opened() as engine:
        assert isinstance(engine, SqliteEngine)
        await publish(engine.events, "1", "2")
        await take(engine.events)
        await clock.advance(1)
        await take(engine.events)
        await engine.events.mark()
    async with opened() as engine:
        assert [(await take(engine.events)).attempt for _ in range(2)] == [2, 1]


@pytest.mark.parametrize("name", ["sqlite"])
async def test_events_over_the_cache_are_read_when_they_are_taken(engine: SqliteEngine) -> None:
    large = Event("large", "t", b"x" * 1000, "")
    await engine.events.publish(Publication(large, (Placement(A),)))
    assert (await engine.events.waiting(A, 1))[0].event == large
    assert (await take(engine.events)).event == large


@pytest.mark.parametrize("name", DURABLE)
async def test_what_was_stored_for_a_publisher_that_has_gone_is_what_is_delivered(opened: Opened) -> None:
    async with opened() as engine:
        for turns in range(6):
            publication = Publication(event(str(turns)), (Placement(A),), f"key {turns}")
            publishing = asyncio.ensure_future(engine.events.publish(publication))
            for _ in range(turns):
                await asyncio.sleep(0)
            publishing.cancel()
            await settle()
        await publish(engine.events, "last")  # behind which all that came before is stored
        in_memory = [delivery.event.id for delivery in await engine.events.waiting(A, 10)]
    async with opened() as engine:
        assert [delivery.event.id for delivery in await engine.events.waiting(A, 10)] == in_memory


@pytest.mark.parametrize("name", ["sqlite"])
async def test_a_redrive_that_cannot_be_stored_changes_nothing(engine: SqliteEngine) -> None:
    bus = engine.events
    for id in "12":
        await publish(bus, id)
        await bus.bury(await take(bus), BOOM)
    connection = engine._database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    with pytest.raises(StorageFault, match="full"):
        await bus.redrive(await letters(bus), None, bytes(1_000_000))
    with pytest.raises(StorageFault, match="full"):
        await publish(bus, "x" * 1_000_000)
    assert status(bus, A) == QueueStatus(A, 0, 0, 0, 2, None, False)
    connection.execute("PRAGMA max_page_count = 1000000").fetchall()
    assert await bus.redrive(await letters(bus), None, None) == 2
    assert status(bus, A).dead == 0


async def test_purged_delays_leave_nothing_behind(bus: EventBus, clock: FakeClock) -> None:
    for _ in range(300):
        await publish(bus, *map(str, range(MAX_QUEUE_LENGTH)), due=clock.now() + 1000)
        await bus.purge(A, dead=False)
    queues: Any = bus
    assert len(queues._queues._delayed) < 1500
    await publish(bus, "last", due=clock.now() + 5)
    await clock.advance(5)
    assert (await take(bus)).event.id == "last"


async def test_what_has_moved_is_no_longer_taken_from_where_it_was(bus: EventBus) -> None:
    await publish(bus, "1", "2")
    assert await bus.move(A, B) == 2
    taker = asyncio.ensure_future(bus.take(A))
    await settle()
    assert not taker.done()
    taker.cancel()
    assert [(await take(bus, B)).event.id for _ in range(2)] == ["1", "2"]
