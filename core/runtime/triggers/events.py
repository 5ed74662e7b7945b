"""Events -> Invocations: one consumer a queue, each with its own concurrency."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from runtime.catalog import Bound, Catalog
from runtime.contracts import Clock, EventBus
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES
from runtime.model import (
    Delivery,
    EventTrigger,
    Failure,
    FailureKind,
    Invocation,
    LogLevel,
    QueueKey,
    QueuePolicy,
    TriggerKind,
)

Report = Callable[[LogLevel, str, str, str], None]


class EventConsumers:
    """Takes deliveries from the queues of a catalog, runs their steps and settles them."""

    def __init__(self, bus: EventBus, dispatcher: Dispatcher, clock: Clock, report: Report) -> None:
        self._bus = bus
        self._dispatcher = dispatcher
        self._clock = clock
        self._report = report

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Consumes until `stop` is set; returns when what was taken is settled."""
        async with anyio.create_task_group() as deliveries, anyio.create_task_group() as consumers:
            for bounds in catalog.subscriptions.values():
                for bound in bounds:
                    consumers.start_soon(self._consume, bound, deliveries)
            await stop.wait()
            consumers.cancel_scope.cancel()

    async def _consume(self, bound: Bound[EventTrigger], deliveries: TaskGroup) -> None:
        queue = QueueKey(bound.trigger.topic, bound.step.name)
        room = anyio.Semaphore(bound.step.queue.concurrency)
        while True:
            await room.acquire()
            delivery = await self._bus.take(queue)
            deliveries.start_soon(self._deliver, bound, delivery, room)

    async def _deliver(self, bound: Bound[EventTrigger], delivery: Delivery, room: anyio.Semaphore) -> None:
        event = delivery.event
        try:
            outcome = await self._dispatcher.dispatch(
                Invocation(
                    step=bound.step,
                    kind=TriggerKind.EVENT,
                    payload=event.data,
                    trace_id=event.trace_id,
                    attempt=delivery.attempt,
                    source=event.topic,
                    cause_id=event.id,
                )
            )
            if outcome.failure is None:
                await self._bus.acknowledge(delivery)
            else:
                await self._settle(bound, delivery, outcome.failure)
        finally:
            room.release()

    async def _settle(self, bound: Bound[EventTrigger], delivery: Delivery, failure: Failure) -> None:
        """Decides between another attempt and a dead letter."""
        policy = bound.step.queue
        hopeful = failure.retryable and CONSEQUENCES[failure.kind].retry
        if hopeful and delivery.attempt <= policy.max_retries:
            # A dead runner says nothing about the event: it goes to the next one at once.
            wait = 0.0 if failure.kind is FailureKind.RUNNER_LOST else backoff(policy, delivery.attempt)
            then = f"next attempt in {wait:g} s"
            await self._bus.retry(delivery, failure, self._clock.now() + wait)
        else:
            then = "moved to the dead letters"
            await self._bus.bury(delivery, failure)
        message = f"attempt {delivery.attempt} of '{delivery.event.topic}' failed, {then}: {describe(failure)}"
        self._report(LogLevel.ERROR, message, bound.step.name, delivery.event.trace_id)


def backoff(policy: QueuePolicy, attempt: int) -> float:
    """Seconds to wait after a failed attempt (from 1)."""
    return min(policy.backoff_max, policy.backoff_delay * policy.backoff_factor ** min(attempt - 1, 64))


def describe(failure: Failure) -> str:
    """The failure's type and message, with the stack below where there is one."""
    head = f"{failure.type}: {failure.message}" if failure.type else failure.message
    frames = [line for line in failure.stack.splitlines() if line.strip() != head]
    return "\n".join([head, *frames])
