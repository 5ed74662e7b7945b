"""triggers/events: deliveries -> invocations, and what follows from their outcomes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.catalog import build_catalog
from runtime.errors import HostCallRefused, StorageFault, VersionConflict
from runtime.model import Failure, FailureKind, LoadedFile, LogLevel, Manifest, Outcome, QueuePolicy, TriggerKind
from runtime.records import Event, Placement, Publication, QueueKey
from runtime.triggers.events import backoff, describe
from tests.engines.events import letters
from tests.fakes import settle
from tests.unit.triggers.consuming import BOOM, QUEUE, Consuming, FakeHeld


async def test_an_event_becomes_an_invocation_and_leaves_the_queue() -> None:
    async with Consuming().running() as consuming:
        await consuming.emit("e1", data=b"\x01")
        [invocation] = consuming.fake.invocations
        assert (invocation.step.name, invocation.kind, invocation.payload) == ("a", TriggerKind.EVENT, b"\x01")
        assert (invocation.source, invocation.cause_id, invocation.trace_id) == ("t", "e1", "f" * 32)
        assert invocation.attempt == 1
        assert consuming.depth() == 0


async def test_every_topic_of_a_step_is_consumed() -> None:
    async with Consuming().running() as consuming:
        await consuming.emit(topic="u")
        await consuming.emit(topic="t")
        assert [invocation.source for invocation in consuming.fake.invocations] == ["u", "t"]


async def test_a_failure_is_tried_again_after_its_backoff() -> None:
    async with Consuming(BOOM, BOOM).running() as consuming:
        await consuming.emit()
        for wait in (1.0, 2.0):
            before = len(consuming.fake.invocations)
            await consuming.clock.advance(wait - 0.25)
            assert len(consuming.fake.invocations) == before
            await consuming.clock.advance(0.25)
            assert len(consuming.fake.invocations) == before + 1
        assert [invocation.attempt for invocation in consuming.fake.invocations] == [1, 2, 3]
        assert {invocation.cause_id for invocation in consuming.fake.invocations} == {"e"}
        assert consuming.depth() == 0
        assert len(consuming.reports.messages(LogLevel.ERROR)) == 2


async def test_an_invocation_says_which_trigger_fired() -> None:
    triggers = [{"type": "event", "topic": "u"}, {"type": "event", "topic": "t"}, {"type": "cron", "cron": "@daily"}]
    consuming = Consuming()
    consuming.catalog = build_catalog(
        [Manifest("node", (LoadedFile("steps/a.step.ts", {"triggers": triggers}, has_handler=True),))]
    )
    async with consuming.running():
        await consuming.emit(topic="t")
        event, queue = Event("e2", "", b"", "f" * 32), QueueKey("", "a", TriggerKind.CRON)
        await consuming.bus.publish(Publication(event, (Placement(queue),)))
        await settle()
        ran = [(each.kind, each.source, each.trigger_index) for each in consuming.fake.invocations]
        assert ran == [(TriggerKind.EVENT, "t", 1), (TriggerKind.CRON, "@daily", 2)]


async def test_a_change_says_what_has_changed() -> None:
    triggers = [
        {"type": "state", "groupId": "orders", "key": "17"},
        {"type": "stream", "streamName": "chat", "on": ["delete"]},
    ]
    consuming = Consuming(BOOM)
    consuming.catalog = build_catalog(
        [Manifest("node", (LoadedFile("steps/a.step.ts", {"triggers": triggers}, has_handler=True),))]
    )
    async with consuming.running():
        for queue in consuming.catalog.queues():
            event = Event("e", queue.topic.partition("/")[0].partition(" ")[0], b"\x80", "f" * 32)
            await consuming.bus.publish(Publication(event, (Placement(queue),)))
            await settle()
        ran = [(each.kind, each.source, each.trigger_index, each.payload) for each in consuming.fake.invocations]
        assert ran == [(TriggerKind.STATE, "orders", 0, b"\x80"), (TriggerKind.STREAM, "chat", 1, b"\x80")]
        [message] = consuming.reports.messages(LogLevel.ERROR)
        assert message.startswith("attempt 1 of a change of state 'orders' failed, next attempt in 1 s")


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_out_of_attempts_is_a_dead_letter(retries: int) -> None:
    async with Consuming(*[BOOM] * 9, maxRetries=retries).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1000)
        assert len(consuming.fake.invocations) == retries + 1
        [letter] = await letters(consuming.bus, QUEUE)
        assert [attempt.failure for attempt in letter.attempts] == [BOOM.failure] * (retries + 1)
        assert [attempt.number for attempt in letter.attempts] == list(range(1, retries + 2))
        assert consuming.depth() == 0
        assert "dead letters" in consuming.reports.messages(LogLevel.ERROR)[-1]


@pytest.mark.parametrize(
    "failure",
    [
        Failure(FailureKind.NON_RETRIABLE, "no"),
        Failure(FailureKind.HANDLER, "no", retryable=False),
        Failure(FailureKind.INVALID_INPUT, "no"),
    ],
)
async def test_what_a_retry_cannot_mend_is_buried_at_once(failure: Failure) -> None:
    async with Consuming(Outcome(failure=failure)).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1000)
        assert len(consuming.fake.invocations) == 1
        assert [letter.attempts[-1].failure for letter in await letters(consuming.bus, QUEUE)] == [failure]


@pytest.mark.parametrize("kind", [FailureKind.RUNNER_LOST, FailureKind.DEADLINE, FailureKind.OVERLOADED])
async def test_what_a_retry_may_mend_is_tried_again(kind: FailureKind) -> None:
    async with Consuming(Outcome(failure=Failure(kind, "x"))).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1.1)
        assert [invocation.attempt for invocation in consuming.fake.invocations] == [1, 2]
        assert await letters(consuming.bus, QUEUE) == []


async def test_no_more_run_at_once_than_the_concurrency_of_the_queue() -> None:
    async with Consuming(concurrency=2).running() as consuming:
        consuming.fake.hold()
        for number in range(5):
            await consuming.emit(str(number))
        assert consuming.fake.running == 2
        assert consuming.depth() == 5
        consuming.fake.release()
        await settle()
        assert len(consuming.fake.invocations) == 5
        assert consuming.fake.most_running == 2


async def test_a_failing_event_does_not_hold_its_place_while_it_waits() -> None:
    async with Consuming(BOOM, concurrency=1).running() as consuming:
        await consuming.emit("bad")
        await consuming.emit("good")
        assert [invocation.cause_id for invocation in consuming.fake.invocations] == ["bad", "good"]


async def test_a_stop_lets_what_was_taken_end_and_takes_no_more() -> None:
    consuming = Consuming(concurrency=1)
    consuming.fake.hold()
    task = asyncio.ensure_future(consuming.consumers.run(consuming.catalog, consuming.stop))
    await settle()
    await consuming.emit("1")
    await consuming.emit("2")
    consuming.stop.set()
    await settle()
    assert not task.done()
    consuming.fake.release()
    await task
    assert [invocation.cause_id for invocation in consuming.fake.invocations] == ["1"]
    assert consuming.depth() == 1


async def test_the_writes_of_an_atomic_step_are_committed_with_the_acknowledgement_or_dropped() -> None:
    async with Consuming(BOOM, handler={"atomic": True}).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1)
        assert [held.ended for held in consuming.held] == ["dropped", "committed"]
        assert [invocation.held for invocation in consuming.fake.invocations] == consuming.held
        assert consuming.depth() == 0


async def test_writes_that_are_refused_at_the_commit_are_a_failed_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeHeld, "fail", [HostCallRefused("the queue is full")])
    async with Consuming(handler={"atomic": True}).running() as consuming:
        await consuming.emit()
        assert "the queue is full" in consuming.reports.messages(LogLevel.ERROR)[0]
        await consuming.clock.advance(1)
        assert [held.ended for held in consuming.held] == ["dropped", "committed"]


@pytest.mark.parametrize(
    ("refused", "kind", "type"),
    [
        (VersionConflict.of("g", "k", 1, 2), FailureKind.CONFLICT, "VersionConflict"),
        (HostCallRefused("the queue is full"), FailureKind.HANDLER, "HostCallError"),
    ],
)
async def test_a_refusal_at_the_commit_goes_by_the_name_that_it_has_in_a_handler(
    monkeypatch: pytest.MonkeyPatch, refused: HostCallRefused, kind: FailureKind, type: str
) -> None:
    monkeypatch.setattr(FakeHeld, "fail", [refused, refused])
    async with Consuming(handler={"atomic": True}, maxRetries=1).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1)
        [letter] = await letters(consuming.bus, QUEUE)
        failures = [attempt.failure for attempt in letter.attempts]
        assert [(failure.kind, failure.type) for failure in failures] == [(kind, type)] * 2
        assert str(refused) in failures[0].message


async def test_an_end_that_cannot_be_stored_is_tried_again_and_runs_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeHeld, "fail", [StorageFault("the disk is full"), StorageFault("the disk is full")])
    async with Consuming(handler={"atomic": True}).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(5)
        assert len(consuming.fake.invocations) == 1
        assert consuming.held[0].ended == "committed"
        assert len(consuming.reports.messages(LogLevel.ERROR)) == 2


@given(
    st.builds(
        QueuePolicy,
        backoff_jitter=st.floats(0, 1),
        backoff_delay=st.floats(0, 7 * 24 * 3600),
        backoff_factor=st.floats(1, 100),
        backoff_max=st.floats(0, 7 * 24 * 3600),
    ),
    st.integers(1, 10**6),
)
def test_a_backoff_is_between_zero_and_its_most(policy: QueuePolicy, attempt: int) -> None:
    assert 0 <= backoff(policy, attempt) <= policy.backoff_max


def test_backoffs_double_up_to_the_most() -> None:
    assert [backoff(QueuePolicy(), attempt) for attempt in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_describing() -> None:
    assert describe(Failure(FailureKind.HANDLER, "m")) == "m"
    assert describe(Failure(FailureKind.HANDLER, "m", "TypeError", "at a.ts:1")) == "TypeError: m\nat a.ts:1"
