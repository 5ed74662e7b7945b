"""Events in SQLite: the queues are in memory, every change of them is a row."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from runtime.contracts import Clock
from runtime.model import Failure
from runtime.records import Attempt, DeadLetter, Delivery, Event, Placement, Publication, QueueKey, QueueStatus
from runtime.storage.attempts import encode_attempts
from runtime.storage.queues import NONE_COMING, Message, Queues
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.rows import (
    BURY,
    COUNT_DEAD,
    DELETE,
    FORGET_KEYS,
    INSERT,
    INSERT_KEY,
    MAX_ID,
    MOVE,
    MOVE_DEAD,
    PAUSE,
    PAUSED,
    PURGE_DEAD,
    REDRIVE,
    RESUME,
    RETRY,
    SELECT,
    SELECT_DEAD,
    SELECT_EVENT,
    SELECT_KEY,
    TAKEN,
    event_row,
    queue_of,
    read_event,
    read_letter,
    read_message,
)

MARK_SECONDS = 0.1
"""A delivery that is taken for longer is marked, so that a killed core's restart counts its attempt."""


class Placed:
    """What a publication has made, to be entered into the queues once it is stored."""

    __slots__ = ("id", "messages")

    def __init__(self, id: str, messages: Sequence[Message]) -> None:
        self.id = id
        self.messages = messages


class SqliteEventBus:
    """The event bus that outlives the process."""

    def __init__(
        self, database: Database, clock: Clock, max_queue_length: int, idempotency_window: float, max_cached_bytes: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._window = idempotency_window
        self._max_cached_bytes = max_cached_bytes
        self._queues = Queues(clock, max_queue_length)
        self._ids = itertools.count(1)
        self._taken: dict[int, Message] = {}
        self._unmarked: dict[int, Message] = {}
        self.are_unmarked = asyncio.Event()
        """Set while deliveries are taken that are not marked."""
        self._dead: Counter[QueueKey] = Counter()
        self._cached_bytes = 0

    def load(self) -> None:
        """Reads what an earlier process left; called once, when the database is open."""
        connection = self._database.connection
        self._ids = itertools.count(connection.execute(MAX_ID).fetchone()[0] + 1)
        for row in connection.execute(PAUSED):
            self._queues.pause(queue_of(*row), True)
        for *queue, count in connection.execute(COUNT_DEAD):
            self._dead[queue_of(*queue)] = count
        for row in connection.execute(SELECT):
            self._enter(read_message(row))

    # ------------------------------------------------------------ publishing

    async def publish(self, publication: Publication) -> str:
        """Puts the event into all queues or none."""
        placed = self.place(await self._database.begin(), publication)
        # Not behind the wait: whoever emits may be gone before the commit, and the event is stored all the same.
        await self._database.committed(lambda: self.entered(placed))
        return placed.id

    def place(
        self, connection: sqlite3.Connection, publication: Publication, coming: Mapping[QueueKey, int] = NONE_COMING
    ) -> Placed:
        """Stores a publication in the open transaction. Raises `HostCallRefused` when a queue is full.

        `coming` says how many others of the same commit are to enter a queue.
        """
        event, placements, key = publication
        if key and (known := self.standing(event.topic, key)) is not None:
            return Placed(known, ())
        self._queues.check_room(placements, coming)
        if key:
            now = self._clock.now()
            connection.execute(FORGET_KEYS, (now,))
            connection.execute(INSERT_KEY, (event.topic, key, event.id, now + self._window))
        messages = [Message(next(self._ids), event, event.created, placement) for placement in placements]
        for message in messages:
            connection.execute(INSERT, event_row(message, event))
        return Placed(event.id, messages)

    def standing(self, topic: str, idempotency_key: str) -> str | None:
        """The id of the event that stands for others of that key now."""
        query = (topic, idempotency_key, self._clock.now())
        row: tuple[str] | None = self._database.connection.execute(SELECT_KEY, query).fetchone()
        return row[0] if row is not None else None

    def entered(self, placed: Placed) -> None:
        """Makes what was placed takeable; called when its transaction is committed."""
        for message in placed.messages:
            self._enter(message)

    def _enter(self, message: Message) -> None:
        assert message.event is not None
        if self._cached_bytes + len(message.event.data) > self._max_cached_bytes:
            message.event = None
        else:
            self._cached_bytes += len(message.event.data)
        self._queues.enter(message)

    def _uncache(self, message: Message) -> None:
        if message.event is not None:
            self._cached_bytes -= len(message.event.data)

    # ------------------------------------------------------------ delivering

    async def take(self, queue: QueueKey) -> Delivery:
        """Waits for the next event that is due."""
        message = await self._queues.take(queue)
        self._taken[message.id] = self._unmarked[message.id] = message
        self.are_unmarked.set()
        return message.delivery(message.event or self._read_event(message))

    async def acknowledge(self, delivery: Delivery) -> None:
        """Deletes the event."""
        self.delete(await self._database.begin(), delivery)
        await self._database.committed(lambda: self.settled(delivery))

    def delete(self, connection: sqlite3.Connection, delivery: Delivery) -> None:
        """Deletes a delivered event in the open transaction."""
        connection.execute(DELETE, (delivery.id,))

    def settled(self, delivery: Delivery) -> None:
        """Lets a delivery go whose end is committed."""
        self._unmarked.pop(delivery.id, None)
        message = self._taken.pop(delivery.id)
        self._uncache(message)
        self._queues.leave(message)

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """Stores the failed attempt and makes the event ready again at its time."""
        failed = (*delivery.failed, self._attempt(delivery, failure))
        await self._put_back(delivery._replace(attempt=delivery.attempt + 1, failed=failed), due)

    async def release(self, delivery: Delivery) -> None:
        """Makes the event ready again; the attempt that it may have been marked with does not count."""
        await self._put_back(delivery, self._clock.now())

    async def _put_back(self, delivery: Delivery, due: float) -> None:
        connection = await self._database.begin()
        connection.execute(RETRY, (delivery.attempt, due, encode_attempts(delivery.failed), delivery.id))

        def put_back() -> None:
            self._unmarked.pop(delivery.id, None)
            message = self._taken.pop(delivery.id)
            message.attempt, message.failed = delivery.attempt, delivery.failed
            self._queues.put_back(message, due)

        await self._database.committed(put_back)

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """Moves the event to the dead letters."""
        attempts = encode_attempts((*delivery.failed, self._attempt(delivery, failure)))
        connection = await self._database.begin()
        connection.execute(BURY, (attempts, self._clock.now(), delivery.id))
        connection.execute(DELETE, (delivery.id,))

        def buried() -> None:
            self.settled(delivery)
            self._dead[delivery.queue] += 1

        await self._database.committed(buried)

    async def mark(self) -> None:
        """Writes down which deliveries have been taken for a while, should this process be killed.

        Short runs are over before they could be marked, and cost nothing.
        """
        before = self._clock.now() - MARK_SECONDS
        due = [message for message in self._unmarked.values() if message.taken <= before]
        if due:
            connection = await self._database.begin()
            connection.executemany(TAKEN, [(message.attempt + 1, message.id) for message in due])
            await self._database.committed()
            for message in due:
                self._unmarked.pop(message.id, None)
        if not self._unmarked:
            self.are_unmarked.clear()

    # ------------------------------------------------------------ looking and repairing

    def status(self) -> Sequence[QueueStatus]:
        """Every queue that holds something or is paused."""
        return self._queues.status(self._dead)

    async def waiting(self, queue: QueueKey, limit: int) -> Sequence[Delivery]:
        """The events of a queue that are not dead, oldest first."""
        messages = list(itertools.islice(self._queues.all(queue), limit))
        return [message.delivery(message.event or self._read_event(message)) for message in messages]

    async def dead_letters(self, queue: QueueKey, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """The queue's dead letters behind an id, oldest first."""
        rows = self._database.connection.execute(SELECT_DEAD, (*_columns(queue), after, limit))
        return [read_letter(row) for row in rows]

    async def redrive(self, letters: Sequence[DeadLetter], target: QueueKey | None, data: bytes | None) -> int:
        """Makes events of dead letters again; those that are no longer dead are left out."""
        placements = [Placement(target or letter.queue, 0.0, letter.group, letter.priority) for letter in letters]
        self._queues.check_room(placements)
        connection = await self._database.begin()
        made: list[Message] = []
        left: list[QueueKey] = []
        for letter, placement in zip(letters, placements, strict=True):
            if not connection.execute(REDRIVE, (letter.id,)).rowcount:
                continue
            event = letter.event if data is None else letter.event._replace(data=data)
            message = Message(next(self._ids), event, event.created, placement)
            connection.execute(INSERT, event_row(message, event))
            left.append(letter.queue)
            made.append(message)

        def redriven() -> None:
            self._dead.subtract(left)
            self.entered(Placed("", made))

        await self._database.committed(redriven)
        return len(made)

    async def move(self, source: QueueKey, target: QueueKey) -> int:
        """Hands all events that are not taken, and the dead letters, to another queue."""
        self._queues.check_room(Placement(target) for _ in self._queues.not_taken(source)[:1])
        connection = await self._database.begin()
        messages = self._queues.not_taken(source)
        connection.executemany(MOVE, [(*_columns(target), message.id) for message in messages])
        letters = connection.execute(MOVE_DEAD, (*_columns(target), *_columns(source))).rowcount

        def moved() -> None:
            self._enter_again([message.moved(target) for message in messages])
            self._dead[target] += letters
            del self._dead[source]

        self._leave(messages)
        await self._database.committed(moved, lambda: self._enter_again(messages))
        return len(messages) + letters

    async def purge(self, queue: QueueKey, dead: bool) -> int:
        """Forgets the dead letters, or the events that are not taken."""
        connection = await self._database.begin()
        if dead:
            count = int(connection.execute(PURGE_DEAD, _columns(queue)).rowcount)
            await self._database.committed(lambda: self._dead.__delitem__(queue))
            return count
        messages = self._queues.not_taken(queue)
        connection.executemany(DELETE, [(message.id,) for message in messages])

        def purged() -> None:
            for message in messages:
                self._uncache(message)
                message.event = None

        self._leave(messages)
        await self._database.committed(purged, lambda: self._enter_again(messages))
        return len(messages)

    async def pause(self, queue: QueueKey, paused: bool) -> None:
        """While a queue is paused nothing is taken from it, also after a restart."""
        connection = await self._database.begin()
        connection.execute(PAUSE if paused else RESUME, _columns(queue))
        await self._database.committed(lambda: self._queues.pause(queue, paused))

    def _leave(self, messages: Sequence[Message]) -> None:
        """Takes messages out of their queues, newest first, until it is known what becomes of them."""
        for message in messages:
            self._queues.leave(message)

    def _enter_again(self, messages: Sequence[Message]) -> None:
        for message in reversed(messages):
            self._queues.enter(message)

    def _attempt(self, delivery: Delivery, failure: Failure) -> Attempt:
        return Attempt(delivery.attempt, failure, delivery.taken, self._clock.now())

    def _read_event(self, message: Message) -> Event:
        return read_event(self._database.connection.execute(SELECT_EVENT, (message.id,)).fetchone())


def _columns(queue: QueueKey) -> tuple[str, str, str]:
    return queue.kind.value, queue.topic, queue.step
