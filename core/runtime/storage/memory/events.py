"""Queues of events in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from runtime.contracts import Clock
from runtime.errors import HostCallRefused
from runtime.model import Delivery, Event, Failure, QueueKey


class _Queue:
    """One queue: what is ready, who waits for it, and what is counted."""

    def __init__(self, max_dead_letters: int) -> None:
        self.ready: deque[tuple[Event, int]] = deque()
        self.takers: deque[asyncio.Future[None]] = deque()
        self.depth = 0
        self.dead: deque[tuple[Event, Failure]] = deque(maxlen=max_dead_letters)

    def push(self, event: Event, attempt: int) -> None:
        self.ready.append((event, attempt))
        self.wake()

    def wake(self) -> None:
        """Wakes the first who waits; whoever is woken and leaves wakes the next, so that nothing is overlooked."""
        while self.takers:
            taker = self.takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return


class MemoryEventBus:
    """The event bus that lives and dies with the process."""

    def __init__(self, clock: Clock, max_queue_length: int, max_dead_letters: int) -> None:
        self._clock = clock
        self._max_queue_length = max_queue_length
        self._max_dead_letters = max_dead_letters
        self._queues: dict[QueueKey, _Queue] = {}
        self._delivery_ids = itertools.count(1)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Nothing to open or close: memory is there."""
        yield

    async def publish(self, event: Event, queues: Mapping[QueueKey, float]) -> None:
        """Puts the event into all queues or none. Raises `HostCallRefused` when one of them is full."""
        for key in queues:
            if self._queue(key).depth >= self._max_queue_length:
                raise HostCallRefused(
                    f"the queue of topic '{key.topic}' for step '{key.step}' is full "
                    f"({self._max_queue_length} events); raise bus.maxQueueLength or emit less"
                )
        for key, due in queues.items():
            queue = self._queue(key)
            queue.depth += 1
            self._push_when_due(queue, event, attempt=1, due=due)

    async def take(self, queue: QueueKey) -> Delivery:
        """Waits for the next event that is due."""
        state = self._queue(queue)
        while not state.ready:
            taker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            state.takers.append(taker)
            try:
                await taker
            except asyncio.CancelledError:
                if state.ready:
                    state.wake()
                raise
        event, attempt = state.ready.popleft()
        return Delivery(next(self._delivery_ids), queue, event, attempt)

    async def acknowledge(self, delivery: Delivery) -> None:
        """Forgets the event."""
        self._queue(delivery.queue).depth -= 1

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """Makes the event ready again at its time."""
        self._push_when_due(self._queue(delivery.queue), delivery.event, delivery.attempt + 1, due)

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """Moves the event to the dead letters."""
        queue = self._queue(delivery.queue)
        queue.depth -= 1
        queue.dead.append((delivery.event, failure))

    def depth(self, queue: QueueKey) -> int:
        """Events that wait, are delayed or are leased."""
        return self._queue(queue).depth

    def dead_letters(self, queue: QueueKey) -> Sequence[tuple[Event, Failure]]:
        """The queue's dead letters with their last failure."""
        return tuple(self._queue(queue).dead)

    def _queue(self, key: QueueKey) -> _Queue:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(self._max_dead_letters)
        return queue

    def _push_when_due(self, queue: _Queue, event: Event, attempt: int, due: float) -> None:
        if due <= self._clock.now():
            queue.push(event, attempt)
        else:
            self._clock.call_at(due, lambda: queue.push(event, attempt))
