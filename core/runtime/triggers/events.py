"""Events, ticks and changes -> Invocations: one consumer a queue, each with its own concurrency."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

import anyio

from runtime.catalog import Catalog
from runtime.contracts import Clock, Engine
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES, HostCallRefused, StorageFault, VersionConflict
from runtime.ids import context_of
from runtime.model import Failure, FailureKind, Invocation, LogLevel, Outcome, QueuePolicy, Span, Then, TriggerKind
from runtime.records import Delivery, QueueKey
from runtime.services.logs import Report
from runtime.services.tracing import Tracer
from runtime.tasks import ShortTasks
from runtime.triggers.consumer import Consumer, Source, Worker, sources

_STORE_AGAIN_SECONDS = 1.0
_REFUSED_CALL = "HostCallError"
"""What runners call the error of a refused call."""


class EventConsumers:
    """Takes deliveries from the queues of a catalog, runs their steps and settles them."""

    def __init__(
        self,
        engine: Engine,
        dispatcher: Dispatcher,
        clock: Clock,
        report: Report,
        hold: Callable[[], HeldRun],
        tracer: Tracer,
    ) -> None:
        """`hold` makes the holder of the writes of one run of an atomic step."""
        self._tracer = tracer
        self._engine = engine
        self._bus = engine.events
        self._dispatcher = dispatcher
        self._clock = clock
        self._report = report
        self._hold = hold
        self._consumers: dict[QueueKey, Consumer] = {}
        self._start: Callable[[Consumer, Worker], object] | None = None
        """Begins the work of a worker; None while nothing is consumed."""

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Consumes until `stop` is set; returns when what was taken is settled."""
        async with ShortTasks() as endings, anyio.create_task_group() as tasks:
            self._start = lambda consumer, worker: tasks.start_soon(self._work, consumer, worker, endings)
            try:
                self.use(catalog)
                await stop.wait()
                self.use(Catalog())
            finally:
                self._start = None
                self._consumers.clear()

    def use(self, catalog: Catalog) -> None:
        """Takes from the queues of this catalog from now on; what is running ends as it began.

        Queues that stay keep their workers, with as many more or less as their concurrency says. Without effect
        while nothing is consumed.
        """
        if self._start is None:
            return
        wanted = {source.queue: source for source in sources(catalog)}
        for queue, consumer in self._consumers.items():
            if queue not in wanted:
                consumer.resize(0)
        for queue, source in wanted.items():
            consumer = self._consumers.get(queue) or self._consumers.setdefault(queue, Consumer(source))
            for worker in consumer.use(source):
                self._start(consumer, worker)

    async def _work(self, consumer: Consumer, worker: Worker, endings: ShortTasks) -> None:
        """Handles events until the worker is one too many; then its place is free at once."""
        while not consumer.is_crowded:
            delivery = await self._handle_all(consumer, worker, endings)
            if delivery is not None:
                await self._handle(consumer, worker, delivery, endings)
        del consumer.workers[worker]
        if not consumer.workers:
            self._consumers.pop(consumer.source.queue, None)  # the queue is gone: a stop has forgotten it already
        if worker.settling is not None:
            await worker.settling

    async def _handle_all(self, consumer: Consumer, worker: Worker, endings: ShortTasks) -> Delivery | None:
        """Handles one event after the other until there are too many workers.

        Returns a delivery that came at the very moment at which the wait for it was ended.
        """
        queue = consumer.source.queue
        with anyio.CancelScope() as worker.scope:
            while not consumer.is_crowded:
                worker.waits = True
                delivery = await self._bus.take(queue)
                worker.waits = False
                if worker.scope.cancel_called:
                    return delivery
                await self._handle(consumer, worker, delivery, endings)
        worker.waits = False
        return None

    async def _handle(self, consumer: Consumer, worker: Worker, delivery: Delivery, endings: ShortTasks) -> None:
        """Runs the step; the end of the run is stored while the next event is handled."""
        await consumer.begin()
        try:
            under_way = self._begin(consumer.source, delivery)
            outcome = await self._run(consumer, worker, under_way)
        finally:
            consumer.end()
        if worker.settling is not None:
            await worker.settling
        worker.settling = endings.start(self._settle(consumer, under_way, outcome))

    def _begin(self, source: Source, delivery: Delivery) -> _UnderWay:
        event, queue = delivery.event, source.queue
        span = self._tracer.begin(
            source.step,
            queue.kind,
            source.name,
            context_of(event.trace),
            event.data,
            attempt=delivery.attempt,
            queue=queue.topic,
            queued=max(0.0, delivery.taken - (delivery.failed[-1].ended if delivery.failed else event.created)),
            cause_id=event.id,
            delivery=delivery.id,
        )
        return _UnderWay(source, delivery, self._hold() if source.step.atomic else None, span)

    async def _run(self, consumer: Consumer, worker: Worker, under_way: _UnderWay) -> Outcome | None:
        """Runs the step; None where its queue went while no runner had room."""
        source, delivery, held, span = under_way
        event = delivery.event
        worker.gave_up = False
        try:
            outcome = await self._dispatcher.dispatch(
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
                    span=span,
                ),
                waiting=partial(consumer.waiting_for_room, worker),
            )
        except BaseException:
            under_way.drop(self._tracer)
            raise
        if span is not None:
            span.ended = self._clock.now()
        return None if worker.gave_up else outcome

    async def _settle(self, consumer: Consumer, under_way: _UnderWay, outcome: Outcome | None) -> None:
        """Stores how a delivery ended; while that cannot be, the event stays taken and it is tried again."""
        source, delivery, held, span = under_way
        failure = outcome.failure if outcome is not None else None
        try:
            while True:
                try:
                    if outcome is None:
                        return await self._bus.release(delivery)
                    if failure is not None:
                        await self._fail(consumer, under_way, failure)
                    else:
                        await (held.commit(self._engine, delivery) if held else self._bus.acknowledge(delivery))
                    if span is not None:
                        self._tracer.end(span, failure)
                    return None
                except HostCallRefused as refused:
                    failure = _refusal(refused)
                except StorageFault as fault:
                    message = f"the end of a run of {_what(delivery)} cannot be stored, tried again: {fault}"
                    self._report(LogLevel.ERROR, message, source.step.name, delivery.event.trace_id)
                    await self._pause(_STORE_AGAIN_SECONDS)
        finally:
            under_way.drop(self._tracer)

    async def _pause(self, seconds: float) -> None:
        over = anyio.Event()
        timer = self._clock.call_at(self._clock.now() + seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    async def _fail(self, consumer: Consumer, under_way: _UnderWay, failure: Failure) -> None:
        """Decides between another attempt and a dead letter, by the policy that counts now."""
        source, delivery, _, span = under_way
        policy = consumer.source.step.queue
        # The step was renewed on the way, and its file is another or gone: no handler has seen the event.
        is_unseen = failure.kind is FailureKind.UNKNOWN_STEP and consumer.has_left(source)
        hopeful = failure.retryable and CONSEQUENCES[failure.kind].retry and delivery.attempt <= policy.max_retries
        if hopeful or is_unseen:
            # A dead runner says nothing about the event either: it goes to the next one at once.
            is_at_once = is_unseen or failure.kind is FailureKind.RUNNER_LOST
            wait = 0.0 if is_at_once else backoff(policy, delivery.attempt)
            then, follows = f"next attempt in {wait:.3g} s", Then.RETRY
            await self._bus.retry(delivery, failure, self._clock.now() + wait)
        else:
            then, follows = "moved to the dead letters", Then.DEAD
            await self._bus.bury(delivery, failure)
        if span is not None:
            span.then = follows
        message = f"attempt {delivery.attempt} of {_what(delivery)} failed, {then}: {describe(failure)}"
        self._report(LogLevel.INFO if is_unseen else LogLevel.ERROR, message, source.step.name, delivery.event.trace_id)


class _UnderWay(NamedTuple):
    """A delivery that is being handled."""

    source: Source
    delivery: Delivery
    held: HeldRun | None
    span: Span | None

    def drop(self, tracer: Tracer) -> None:
        """Forgets what the run has written; and the run itself, unless it has ended."""
        if self.held is not None:
            self.held.drop()
        if self.span is not None:
            tracer.drop(self.span)


class HeldRun(Protocol):
    """Holds the writes of one run until it ends."""

    async def commit(self, engine: Engine, delivery: Delivery) -> None:
        """Carries out the writes and acknowledges the delivery: everything or nothing, then it may be called again."""

    def drop(self) -> None:
        """Forgets what was not committed, and refuses what comes later."""


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
    frames = [line for line in failure.stack.splitlines() if line.strip() != failure.head]
    return "\n".join([failure.head, *frames])
