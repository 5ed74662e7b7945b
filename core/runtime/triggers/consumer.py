"""One queue of the catalog: the step that runs what is in it, and the workers that take it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import anyio

from runtime.catalog import Catalog
from runtime.model import CronTrigger, EventTrigger, Overlap, StateTrigger, Step, StreamTrigger
from runtime.records import QueueKey


class Source(NamedTuple):
    """A queue, and the step that runs what is in it; `name` is what a handler finds as the source of its run."""

    queue: QueueKey
    step: Step
    name: str
    concurrency: int
    trigger_index: int


class Worker:
    """Handles the events of a queue one after the other; while it waits for one, `scope` may be cancelled, and `room`
    while one that it has waits for a runner with room."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.room: anyio.CancelScope | None = None
        self.gave_up = False
        """Whether the last such wait was ended."""
        self.waits = False
        self.settling: asyncio.Task[None] | None = None


class Consumer:
    """The workers of a queue; `source` changes with the catalog, and counts from the next delivery on.

    There are as many workers as `bound` says, which is 0 for a queue that is gone; the source is then the last one
    that it had.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.bound = 0
        self.workers: dict[Worker, None] = {}
        self._running = 0
        self._changed = anyio.Event()

    @property
    def is_crowded(self) -> bool:
        """True while there are more workers than there may be: the next that holds nothing has to end."""
        return len(self.workers) > self.bound

    def has_left(self, source: Source) -> bool:
        """Whether the catalog has changed what this source, which it once had, says of the queue."""
        return not self.bound or self.source is not source

    def use(self, source: Source) -> Iterator[Worker]:
        """Makes the source count, and yields the workers that are to begin; those that are too many end."""
        if not self.bound or self.source != source:
            self.source = source
        self.resize(source.concurrency)
        for _ in range(self.bound - len(self.workers)):
            worker = Worker()
            self.workers[worker] = None
            yield worker

    def resize(self, bound: int) -> None:
        """Ends the wait of workers that are too many; if those are not enough, others end after what they hold."""
        self.bound = bound
        self._changed.set()
        if self.is_crowded:
            waiting = [worker for worker in self.workers if worker.waits]
            for worker in waiting[: len(self.workers) - bound]:
                worker.scope.cancel()
        if not bound:
            for worker in self.workers:
                if worker.room is not None:
                    worker.room.cancel()

    @contextmanager
    def waiting_for_room(self, worker: Worker) -> Iterator[None]:
        """Around a wait for a runner, which is given up when the queue is gone."""
        with anyio.CancelScope() as scope:
            worker.room = scope
            if not self.bound:
                scope.cancel()
            yield
        worker.room, worker.gave_up = None, scope.cancelled_caught

    async def begin(self) -> None:
        """Counts a run that begins, once there is room for it: of those whose wait is ended, one may have got an event
        at that very moment."""
        while self._running >= max(1, self.bound):
            if self._changed.is_set():
                self._changed = anyio.Event()
            await self._changed.wait()
        self._running += 1

    def end(self) -> None:
        """Counts a run that has ended."""
        self._running -= 1
        self._changed.set()


def sources(catalog: Catalog) -> Iterator[Source]:
    """Every queue of the catalog that is taken from, with its step; those of steps that wait are left as they are."""
    waiting = {step.name for step in catalog.waiting}
    for queue, bound in catalog.queues().items():
        step, trigger = bound.step, bound.trigger
        if step.name in waiting:
            continue
        is_lone = isinstance(trigger, CronTrigger) and trigger.overlap is not Overlap.ALLOW
        yield Source(queue, step, _name(trigger), 1 if is_lone else step.queue.concurrency, trigger.index)


def _name(trigger: EventTrigger | CronTrigger | StateTrigger | StreamTrigger) -> str:
    match trigger:
        case EventTrigger():
            return trigger.topic
        case CronTrigger():
            return trigger.expression
        case StateTrigger():
            return trigger.group
        case StreamTrigger():
            return trigger.stream
