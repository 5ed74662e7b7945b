"""Events, ticks and changes -> Invocations: one consumer a queue, each with its own concurrency."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import anyio

from runtime.catalog import Catalog
from runtime.contracts import Clock, Engine
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES, HostCallRefused, StorageFault, VersionConflict
from runtime.model import (
    CronTrigger,
    EventTrigger,
    Failure,
    FailureKind,
    Invocation,
    LogLevel,
    Outcome,
    Overlap,
    QueuePolicy,
    StateTrigger,
    Step,
    StreamTrigger,
    TriggerKind,
)
from runtime.records import Delivery, QueueKey
from runtime.services.logs import Report
from runtime.tasks import ShortTasks

_STORE_AGAIN_SECONDS = 1.0
_REFUSED_CALL = "HostCallError"
"""What runners call the error of a refused call."""


class EventConsumers:
    """Takes deliveries from the queues of a catalog, runs their steps and settles them."""

    def __init__(
        self, engine: Engine, dispatcher: Dispatcher, clock: Clock, report: Report, hold: Callable[[], HeldRun]
    ) -> None:
        """`hold` makes the holder of the writes of one run of an atomic step."""
        self._engine = engine
        self._bus = engine.events
        self._dispatcher = dispatcher
        self._clock = clock
        self._report = report
        self._hold = hold

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Consumes until `stop` is set; returns when what was taken is settled."""
        workers = [_Worker(source) for source in _sources(catalog) for _ in range(source.concurrency)]
        async with ShortTasks() as endings, anyio.create_task_group() as tasks:
            for worker in workers:
                tasks.start_soon(self._work, worker, endings)
            await stop.wait()
            for worker in workers:
                worker.stop()

    async def _work(self, worker: _Worker, endings: ShortTasks) -> None:
        """Handles one event after the other; the end of each is stored while the next is handled."""
        with worker.scope:
            while not worker.stopping:
                worker.waits = True
                delivery = await self._bus.take(worker.source.queue)
                worker.waits = False
                held = self._hold() if worker.source.step.atomic else None
                outcome = await self._run(worker.source, delivery, held)
                if worker.settling is not None:
                    await worker.settling
                settle = self._settle(worker.source.step, delivery, outcome.failure, held)
                worker.settling = endings.start(settle)
        if worker.settling is not None:
            await worker.settling

    async def _run(self, source: _Source, delivery: Delivery, held: HeldRun | None) -> Outcome:
        event = delivery.event
        try:
            return await self._dispatcher.dispatch(
                Invocation(
                    step=source.step,
                    kind=source.queue.kind,
                    payload=event.data,
                    trace_id=event.trace_id,
                    attempt=delivery.attempt,
                    source=source.name,
                    cause_id=event.id,
                    held=held,
                    trigger_index=source.trigger_index,
                )
            )
        except BaseException:
            if held is not None:
                held.drop()
            raise

    async def _settle(self, step: Step, delivery: Delivery, failure: Failure | None, held: HeldRun | None) -> None:
        """Stores how a delivery ended; while that cannot be, the event stays taken and it is tried again."""
        try:
            while True:
                try:
                    if failure is not None:
                        return await self._fail(step, delivery, failure)
                    return await (held.commit(self._engine, delivery) if held else self._bus.acknowledge(delivery))
                except HostCallRefused as refused:
                    failure = _refusal(refused)
                except StorageFault as fault:
                    message = f"the end of a run of {_what(delivery)} cannot be stored, tried again: {fault}"
                    self._report(LogLevel.ERROR, message, step.name, delivery.event.trace_id)
                    await self._pause(_STORE_AGAIN_SECONDS)
        finally:
            if held is not None:
                held.drop()

    async def _pause(self, seconds: float) -> None:
        over = anyio.Event()
        timer = self._clock.call_at(self._clock.now() + seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    async def _fail(self, step: Step, delivery: Delivery, failure: Failure) -> None:
        """Decides between another attempt and a dead letter."""
        policy = step.queue
        hopeful = failure.retryable and CONSEQUENCES[failure.kind].retry
        if hopeful and delivery.attempt <= policy.max_retries:
            # A dead runner says nothing about the event: it goes to the next one at once.
            wait = 0.0 if failure.kind is FailureKind.RUNNER_LOST else backoff(policy, delivery.attempt)
            then = f"next attempt in {wait:.3g} s"
            await self._bus.retry(delivery, failure, self._clock.now() + wait)
        else:
            then = "moved to the dead letters"
            await self._bus.bury(delivery, failure)
        message = f"attempt {delivery.attempt} of {_what(delivery)} failed, {then}: {describe(failure)}"
        self._report(LogLevel.ERROR, message, step.name, delivery.event.trace_id)


class HeldRun(Protocol):
    """Holds the writes of one run until it ends."""

    async def commit(self, engine: Engine, delivery: Delivery) -> None:
        """Carries out the writes and acknowledges the delivery: everything or nothing, then it may be called again."""

    def drop(self) -> None:
        """Forgets what was not committed, and refuses what comes later."""


class _Source(NamedTuple):
    """A queue, and the step that runs what is in it."""

    queue: QueueKey
    step: Step
    name: str
    concurrency: int
    trigger_index: int


class _Worker:
    """Handles the events of a queue one after the other; a queue has as many as its concurrency."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.scope = anyio.CancelScope()
        self.waits = False
        self.stopping = False
        self.settling: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Ends the wait for an event, or else the work after the event that is being handled."""
        self.stopping = True
        if self.waits:
            self.scope.cancel()


def _sources(catalog: Catalog) -> Iterator[_Source]:
    for queue, bound in catalog.queues().items():
        step, trigger = bound.step, bound.trigger
        is_lone = isinstance(trigger, CronTrigger) and trigger.overlap is not Overlap.ALLOW
        yield _Source(queue, step, _name(trigger), 1 if is_lone else step.queue.concurrency, trigger.index)


def _name(trigger: EventTrigger | CronTrigger | StateTrigger | StreamTrigger) -> str:
    """What a handler finds as the source of its run."""
    match trigger:
        case EventTrigger():
            return trigger.topic
        case CronTrigger():
            return trigger.expression
        case StateTrigger():
            return trigger.group
        case StreamTrigger():
            return trigger.stream


def _what(delivery: Delivery) -> str:
    """What is handled, as people say it."""
    match delivery.queue.kind:
        case TriggerKind.CRON:
            return "the schedule"
        case TriggerKind.STATE | TriggerKind.STREAM:
            return f"a change of {delivery.queue.kind.value} '{delivery.event.topic}'"
        case _:
            return f"'{delivery.event.topic}'"


def _refusal(refused: HostCallRefused) -> Failure:
    """What a refusal at the commit is to its run; it goes by the names that it has where a handler lets it through.

    Another attempt may end otherwise also where the same refusal of a call would be final: it came of what is stored
    since.
    """
    message = f"the writes of this atomic step were refused: {refused}"
    if isinstance(refused, VersionConflict):
        return Failure(FailureKind.CONFLICT, message, VersionConflict.__name__)
    return Failure(FailureKind.HANDLER, message, _REFUSED_CALL)


def backoff(policy: QueuePolicy, attempt: int) -> float:
    """Seconds to wait after a failed attempt (from 1): exponential, bounded, less what chance takes away."""
    full = min(policy.backoff_max, policy.backoff_delay * policy.backoff_factor ** min(attempt - 1, 64))
    return full * (1 - policy.backoff_jitter * random.random())


def describe(failure: Failure) -> str:
    """The failure's type and message, with the stack below where there is one."""
    head = f"{failure.type}: {failure.message}" if failure.type else failure.message
    frames = [line for line in failure.stack.splitlines() if line.strip() != head]
    return "\n".join([head, *frames])
