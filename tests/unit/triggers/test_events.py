"""triggers/events: deliveries -> invocations, and what follows from their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.catalog import build_catalog
from runtime.dispatcher import Dispatcher
from runtime.model import (
    Event,
    Failure,
    FailureKind,
    LoadedFile,
    LogLevel,
    Manifest,
    Outcome,
    QueueKey,
    QueuePolicy,
    TriggerKind,
)
from runtime.storage.memory.events import MemoryEventBus
from runtime.triggers.events import EventConsumers, backoff, describe
from tests.fakes import FakeClock, FakePool, FakeRunner, Reports, settle

QUEUE = QueueKey("t", "a")
BOOM = Outcome(failure=Failure(FailureKind.HANDLER, "boom"))


class Consuming:
    """Consumers of one step that subscribes to `t` and `u`, at work."""

    def __init__(self, *script: Outcome, **queue: Any) -> None:
        self.clock = FakeClock()
        self.bus = MemoryEventBus(self.clock, 100, 100)
        self.fake = FakeRunner(*script)
        self.reports = Reports()
        config = {"type": "event", "subscribes": ["t", "u"], "infrastructure": {"queue": queue}}
        self.catalog = build_catalog([Manifest("node", (LoadedFile("steps/a.step.ts", config, has_handler=True),))])
        dispatcher = Dispatcher({"node": FakePool(self.fake)})
        self.consumers = EventConsumers(self.bus, dispatcher, self.clock, self.reports)
        self.stop = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Consuming]:
        task = asyncio.ensure_future(self.consumers.run(self.catalog, self.stop))
        await settle()
        try:
            yield self
        finally:
            self.fake.release()
            self.stop.set()
            await task

    async def emit(self, id: str = "e", topic: str = "t", data: bytes = b"") -> None:
        await self.bus.publish(Event(id, topic, data, "f" * 32), {QueueKey(topic, "a"): 0.0})
        await settle()


async def test_an_event_becomes_an_invocation_and_leaves_the_queue() -> None:
    async with Consuming().running() as consuming:
        await consuming.emit("e1", data=b"\x01")
        [invocation] = consuming.fake.invocations
        assert (invocation.step.name, invocation.kind, invocation.payload) == ("a", TriggerKind.EVENT, b"\x01")
        assert (invocation.source, invocation.cause_id, invocation.trace_id) == ("t", "e1", "f" * 32)
        assert invocation.attempt == 1
        assert consuming.bus.depth(QUEUE) == 0


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
        assert consuming.bus.depth(QUEUE) == 0
        assert len(consuming.reports.messages(LogLevel.ERROR)) == 2


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_out_of_attempts_is_a_dead_letter(retries: int) -> None:
    async with Consuming(*[BOOM] * 9, maxRetries=retries).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1000)
        assert len(consuming.fake.invocations) == retries + 1
        [(event, failure)] = consuming.bus.dead_letters(QUEUE)
        assert (event.id, failure) == ("e", BOOM.failure)
        assert consuming.bus.depth(QUEUE) == 0
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
        assert [letter[1] for letter in consuming.bus.dead_letters(QUEUE)] == [failure]


@pytest.mark.parametrize("kind", [FailureKind.RUNNER_LOST, FailureKind.DEADLINE, FailureKind.OVERLOADED])
async def test_what_a_retry_may_mend_is_tried_again(kind: FailureKind) -> None:
    async with Consuming(Outcome(failure=Failure(kind, "x"))).running() as consuming:
        await consuming.emit()
        await consuming.clock.advance(1.1)
        assert [invocation.attempt for invocation in consuming.fake.invocations] == [1, 2]
        assert consuming.bus.dead_letters(QUEUE) == ()


async def test_no_more_run_at_once_than_the_concurrency_of_the_queue() -> None:
    async with Consuming(concurrency=2).running() as consuming:
        consuming.fake.hold()
        for number in range(5):
            await consuming.emit(str(number))
        assert consuming.fake.running == 2
        assert consuming.bus.depth(QUEUE) == 5
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
    assert consuming.bus.depth(QUEUE) == 1


@given(
    st.builds(
        QueuePolicy,
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
