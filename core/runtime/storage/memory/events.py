"""Events in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runtime.contracts import Clock
from runtime.model import Failure
from runtime.records import Attempt, DeadLetter, Delivery, Event, Placement, Publication, QueueKey, QueueStatus
from runtime.storage.queues import NONE_COMING, Message, Queues


class MemoryEventBus:
    """The event bus that lives and dies with the process."""

    def __init__(self, clock: Clock, max_queue_length: int, idempotency_window: float) -> None:
        self._clock = clock
        self._window = idempotency_window
        self._queues = Queues(clock, max_queue_length)
        self._ids = itertools.count(1)
        self._taken: dict[int, Message] = {}
        self._dead: dict[QueueKey, dict[int, DeadLetter]] = {}
        self._keys: dict[tuple[str, str], tuple[float, str]] = {}
        """Of each idempotency key until when it stands, and for which event; in the order of their end."""

    async def publish(self, publication: Publication) -> str:
        """Puts the event into all queues or none."""
        id, enter = self.prepare(publication)
        enter()
        return id

    def prepare(
        self, publication: Publication, coming: Mapping[QueueKey, int] = NONE_COMING
    ) -> tuple[str, Callable[[], None]]:
        """Checks a publication; returns the event's id, and what carries it out and cannot fail.

        `coming` says how many others of the same commit are to enter a queue.
        """
        event, placements, key = publication
        now = self._clock.now()
        if key and (known := self.standing(event.topic, key)) is not None:
            return known, lambda: None
        self._queues.check_room(placements, coming)

        def enter() -> None:
            if key:
                self._keys[event.topic, key] = (now + self._window, event.id)
            for placement in placements:
                self._queues.enter(Message(next(self._ids), event, event.created, placement))

        return event.id, enter

    def standing(self, topic: str, idempotency_key: str) -> str | None:
        """The id of the event that stands for others of that key now."""
        now = self._clock.now()
        while self._keys and next(iter(self._keys.values()))[0] <= now:
            del self._keys[next(iter(self._keys))]
        known = self._keys.get((topic, idempotency_key))
        return known[1] if known else None

    async def take(self, queue: QueueKey) -> Delivery:
        """Waits for the next event that is due."""
        message = await self._queues.take(queue)
        self._taken[message.id] = message
        return message.delivery(_event(message))

    async def acknowledge(self, delivery: Delivery) -> None:
        """Forgets the event."""
        self.forget(delivery)

    def forget(self, delivery: Delivery) -> None:
        """The same at once."""
        self._queues.leave(self._taken.pop(delivery.id))

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """Makes the event ready again at its time."""
        message = self._taken.pop(delivery.id)
        message.failed = (*delivery.failed, self._attempt(delivery, failure))
        message.attempt = delivery.attempt + 1
        self._queues.put_back(message, due)

    async def release(self, delivery: Delivery) -> None:
        """Makes the event ready again."""
        self._queues.put_back(self._taken.pop(delivery.id), self._clock.now())

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """Moves the event to the dead letters."""
        self.forget(delivery)
        attempts = (*delivery.failed, self._attempt(delivery, failure))
        letter = DeadLetter(
            delivery.id, delivery.queue, delivery.event, attempts, self._clock.now(), delivery.group, delivery.priority
        )
        self._dead.setdefault(delivery.queue, {})[letter.id] = letter

    def status(self) -> Sequence[QueueStatus]:
        """Every queue that holds something or is paused."""
        return self._queues.status({key: len(letters) for key, letters in self._dead.items()})

    async def waiting(self, queue: QueueKey, limit: int) -> Sequence[Delivery]:
        """The events of a queue that are not dead, oldest first."""
        return [message.delivery(_event(message)) for message in itertools.islice(self._queues.all(queue), limit)]

    async def dead_letters(self, queue: QueueKey, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """The queue's dead letters behind an id, oldest first."""
        letters = sorted(self._dead.get(queue, {}).items())
        return [letter for id, letter in letters if id > after][:limit]

    async def redrive(self, letters: Sequence[DeadLetter], target: QueueKey | None, data: bytes | None) -> int:
        """Makes events of dead letters again; those that are no longer dead are left out."""
        found = [letter for letter in letters if letter.id in self._dead.get(letter.queue, {})]
        placements = [Placement(target or letter.queue, 0.0, letter.group, letter.priority) for letter in found]
        self._queues.check_room(placements)
        for letter, placement in zip(found, placements, strict=True):
            del self._dead[letter.queue][letter.id]
            event = letter.event if data is None else letter.event._replace(data=data)
            self._queues.enter(Message(next(self._ids), event, event.created, placement))
        return len(found)

    async def move(self, source: QueueKey, target: QueueKey) -> int:
        """Hands all events that are not taken, and the dead letters, to another queue."""
        messages = self._queues.not_taken(source)[::-1]
        moved = [message.moved(target) for message in messages]
        self._queues.check_room(Placement(target) for _ in moved)
        for message in reversed(messages):
            self._queues.leave(message)
        for message in moved:
            self._queues.enter(message)
        letters = self._dead.pop(source, {})
        for letter in letters.values():
            self._dead.setdefault(target, {})[letter.id] = replace(letter, queue=target)
        return len(messages) + len(letters)

    async def purge(self, queue: QueueKey, dead: bool) -> int:
        """Forgets the dead letters, or the events that are not taken."""
        if dead:
            return len(self._dead.pop(queue, {}))
        messages = self._queues.not_taken(queue)
        for message in messages:
            self._queues.leave(message)
        return len(messages)

    async def pause(self, queue: QueueKey, paused: bool) -> None:
        """While a queue is paused nothing is taken from it."""
        self._queues.pause(queue, paused)

    def _attempt(self, delivery: Delivery, failure: Failure) -> Attempt:
        return Attempt(delivery.attempt, failure, delivery.taken, self._clock.now())


def _event(message: Message) -> Event:
    assert message.event is not None, "the memory engine keeps every event in memory"
    return message.event
