"""What is ready, delayed, taken or behind another: the queues of an engine, in memory.

Every engine that decides the order itself shares this; one that keeps events beyond the process journals beside it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from runtime.contracts import Clock, Timer
from runtime.errors import HostCallRefused
from runtime.records import Attempt, Delivery, Event, Placement, QueueKey, QueueStatus

_MAX_STALE = 1000
NONE_COMING: Mapping[QueueKey, int] = {}


class Place(Enum):
    """Where a message is."""

    READY = "ready"
    DELAYED = "delayed"
    TAKEN = "taken"
    BEHIND = "behind"
    """Behind another message of its group."""
    GONE = "gone"


class Message:
    """An event in one queue; `event` is None while it is kept elsewhere alone. Ids rise in the order of arrival."""

    __slots__ = ("attempt", "created", "due", "event", "failed", "group", "id", "place", "priority", "queue", "taken")

    def __init__(self, id: int, event: Event | None, created: float, placement: Placement) -> None:
        self.id = id
        self.event = event
        self.created = created
        self.queue, self.due, self.group, self.priority = placement
        self.attempt = 1
        self.failed: tuple[Attempt, ...] = ()
        self.taken = 0.0
        self.place = Place.GONE

    def __lt__(self, other: Message) -> bool:
        return (-self.priority, self.id) < (-other.priority, other.id)

    def delivery(self, event: Event) -> Delivery:
        """The message as its taker gets it."""
        return Delivery(self.id, self.queue, event, self.attempt, self.taken, self.group, self.priority, self.failed)

    def moved(self, target: QueueKey) -> Message:
        """The same for another queue; this one stands for nothing wherever its old queue still has it."""
        moved = Message(self.id, self.event, self.created, Placement(target, self.due, self.group, self.priority))
        moved.attempt, moved.failed = self.attempt, self.failed
        return moved


class _Queue:
    """One queue. The head of a group's line stands in the queue itself, the others wait behind it."""

    __slots__ = ("delayed", "lines", "messages", "paused", "ready", "taken", "takers")

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.ready: list[Message] = []
        self.lines: dict[str, deque[Message]] = {}
        self.takers: deque[asyncio.Future[None]] = deque()
        self.delayed = 0
        self.taken = 0
        self.paused = False

    @property
    def has_ready(self) -> bool:
        """True when a message can be taken."""
        if self.paused:
            return False
        while self.ready and self.ready[0].place is not Place.READY:
            heapq.heappop(self.ready)
        return bool(self.ready)

    def wake(self) -> None:
        """Wakes the first who waits; whoever is woken and leaves wakes the next, so that nothing is overlooked."""
        while self.takers:
            taker = self.takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return


class Queues:
    """All queues of an engine; each message is in exactly one place."""

    def __init__(self, clock: Clock, max_length: int) -> None:
        self._clock = clock
        self._max_length = max_length
        self._queues: dict[QueueKey, _Queue] = {}
        self._delayed: list[tuple[float, int, Message]] = []
        self._stale = 0
        self._timer: Timer | None = None
        self._timer_due = 0.0

    def check_room(self, placements: Iterable[Placement], coming: Mapping[QueueKey, int] = NONE_COMING) -> None:
        """Raises `HostCallRefused` when one of the queues is full, counting in how many are to enter it before."""
        for key, *_ in placements:
            queue = self._queues.get(key)
            length = len(queue.messages) if queue is not None else 0
            if length + coming.get(key, 0) >= self._max_length:
                raise HostCallRefused(
                    f"the queue of topic '{key.topic}' for step '{key.step}' is full "
                    f"({self._max_length} events); raise bus.maxQueueLength or emit less"
                )

    def enter(self, message: Message) -> None:
        """Adds a message at its place."""
        queue = self._queue(message.queue)
        queue.messages[message.id] = message
        if message.group:
            line = queue.lines.setdefault(message.group, deque())
            line.append(message)
            if line[0] is not message:
                message.place = Place.BEHIND
                return
        self._activate(queue, message)

    async def take(self, key: QueueKey) -> Message:
        """Waits for the next message that is ready, and takes it."""
        queue = self._queue(key)
        while not queue.has_ready:
            taker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue.takers.append(taker)
            try:
                await taker
            except asyncio.CancelledError:
                if taker in queue.takers:  # it was not woken
                    queue.takers.remove(taker)
                elif queue.has_ready:
                    queue.wake()
                raise
        message = heapq.heappop(queue.ready)
        message.place = Place.TAKEN
        message.taken = self._clock.now()
        queue.taken += 1
        return message

    def put_back(self, message: Message, due: float) -> None:
        """Makes a taken message wait again, from that Unix time on."""
        queue = self._queue(message.queue)
        queue.taken -= 1
        message.due = due
        self._activate(queue, message)

    def leave(self, message: Message) -> None:
        """Removes a message, taken or not; the next one of its group comes forward."""
        queue = self._queue(message.queue)
        del queue.messages[message.id]
        queue.taken -= message.place is Place.TAKEN
        was_delayed, message.place = message.place is Place.DELAYED, Place.GONE
        if was_delayed:
            queue.delayed -= 1
            self._forget_delay()
        if message.group:
            self._leave_line(queue, message)

    def pause(self, key: QueueKey, paused: bool) -> None:
        """While paused nothing is taken."""
        queue = self._queue(key)
        queue.paused = paused
        if queue.has_ready:
            for _ in range(min(len(queue.ready), len(queue.takers))):
                queue.wake()

    def not_taken(self, key: QueueKey) -> list[Message]:
        """The messages of a queue that nobody has taken, newest first: to remove them in that order is quick."""
        queue = self._queues.get(key)
        messages = reversed(queue.messages.values()) if queue else ()
        return [message for message in messages if message.place is not Place.TAKEN]

    def all(self, key: QueueKey) -> Iterator[Message]:
        """The messages of a queue, oldest first."""
        queue = self._queues.get(key)
        return iter(queue.messages.values() if queue else ())

    def status(self, dead: dict[QueueKey, int]) -> list[QueueStatus]:
        """Every queue that holds something, is paused or has dead letters, of which the caller keeps the number."""
        keys = {key for key, queue in self._queues.items() if queue.messages or queue.paused}
        keys |= {key for key, count in dead.items() if count}
        return [self._status(key, dead.get(key, 0)) for key in sorted(keys, key=lambda k: (*k[:2], k.kind.value))]

    def _status(self, key: QueueKey, dead: int) -> QueueStatus:
        queue = self._queue(key)
        oldest = next(iter(queue.messages.values()), None)
        return QueueStatus(
            queue=key,
            waiting=len(queue.messages) - queue.delayed - queue.taken,
            delayed=queue.delayed,
            in_flight=queue.taken,
            dead=dead,
            oldest=oldest.created if oldest else None,
            paused=queue.paused,
        )

    def _queue(self, key: QueueKey) -> _Queue:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue()
        return queue

    def _activate(self, queue: _Queue, message: Message) -> None:
        if message.due and message.due > self._clock.now():
            message.place = Place.DELAYED
            queue.delayed += 1
            heapq.heappush(self._delayed, (message.due, message.id, message))
            self._set_timer()
        else:
            self._make_ready(queue, message)

    def _make_ready(self, queue: _Queue, message: Message) -> None:
        message.place = Place.READY
        heapq.heappush(queue.ready, message)
        if not queue.paused:
            queue.wake()

    def _leave_line(self, queue: _Queue, message: Message) -> None:
        line = queue.lines[message.group]
        if line[0] is not message:
            if line[-1] is message:
                line.pop()
            else:
                line.remove(message)
            return
        line.popleft()
        if line:
            self._activate(queue, line[0])
        else:
            del queue.lines[message.group]

    def _forget_delay(self) -> None:
        """Notes that an entry of the delayed stands for nothing; when most do, they are cleared away."""
        self._stale += 1
        if self._stale > _MAX_STALE and self._stale > len(self._delayed) // 2:
            self._delayed = [entry for entry in self._delayed if entry[2].place is Place.DELAYED]
            heapq.heapify(self._delayed)
            self._stale = 0

    def _set_timer(self) -> None:
        """One timer for all that is delayed, set for the first that falls due."""
        due = self._delayed[0][0]
        if self._timer is not None and self._timer_due <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._clock.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._delayed and (self._delayed[0][0] <= now or self._delayed[0][2].place is not Place.DELAYED):
            due, _, message = heapq.heappop(self._delayed)
            if message.place is Place.DELAYED and message.due == due:
                queue = self._queue(message.queue)
                queue.delayed -= 1
                self._make_ready(queue, message)
        if self._delayed:
            self._set_timer()
