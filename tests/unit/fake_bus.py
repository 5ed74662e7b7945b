"""An event bus in a list, for tests of what looks into queues and changes them; nothing is ever due later."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from runtime.contracts import Clock
from runtime.model import Failure
from runtime.records import Attempt, DeadLetter, Delivery, Event, Publication, QueueKey, QueueStatus


class FakeEventBus:
    """Keeps the contract of `EventBus` as far as services use it."""

    def __init__(self, clock: Clock) -> None:
        self.events: list[Delivery] = []
        self.letters: list[DeadLetter] = []
        self.paused: set[QueueKey] = set()
        self.most_letters_read = 0
        self._clock = clock
        self._ids = itertools.count(1)

    def add(self, queue: QueueKey, data: bytes = b"", *, taken: bool = False, group: str = "") -> Delivery:
        """Puts an event into a queue."""
        event = Event(f"event-{next(self._ids)}", queue.topic, data, "f" * 32, self._clock.now())
        taken_at = self._clock.now() if taken else 0.0
        self.events.append(Delivery(next(self._ids), queue, event, 1, taken_at, group))
        return self.events[-1]

    def kill(self, queue: QueueKey, *failures: Failure, data: bytes = b"") -> DeadLetter:
        """Puts a dead letter into a queue."""
        event = Event(f"event-{next(self._ids)}", queue.topic, data, "f" * 32, self._clock.now())
        now = self._clock.now()
        attempts = tuple(Attempt(n, failure, now - 2, now - 1) for n, failure in enumerate(failures, 1))
        self.letters.append(DeadLetter(next(self._ids), queue, event, attempts, now))
        return self.letters[-1]

    def of(self, queue: QueueKey) -> list[bytes]:
        """What the events of a queue carry."""
        return [delivery.event.data for delivery in self.events if delivery.queue == queue]

    async def publish(self, publication: Publication) -> str:
        """Puts the event into its queues."""
        for placement in publication.placements:
            self.events.append(Delivery(next(self._ids), placement.queue, publication.event, 1, 0.0, placement.group))
        return publication.event.id

    def standing(self, topic: str, idempotency_key: str) -> str | None:
        """No event stands for another."""
        return None

    async def take(self, queue: QueueKey) -> Delivery:
        """No service takes events."""
        raise NotImplementedError

    async def acknowledge(self, delivery: Delivery) -> None:
        """No service settles events."""
        raise NotImplementedError

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """No service settles events."""
        raise NotImplementedError

    async def release(self, delivery: Delivery) -> None:
        """No service settles events."""
        raise NotImplementedError

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """No service settles events."""
        raise NotImplementedError

    def status(self) -> Sequence[QueueStatus]:
        """Every queue that holds something or is paused."""
        held = {delivery.queue for delivery in self.events} | {letter.queue for letter in self.letters}
        keys = held | self.paused
        return [self._status(key) for key in sorted(keys, key=lambda key: key[:2])]

    def _status(self, key: QueueKey) -> QueueStatus:
        events = [delivery for delivery in self.events if delivery.queue == key]
        taken = sum(1 for delivery in events if delivery.taken)
        dead = sum(1 for letter in self.letters if letter.queue == key)
        oldest = min((delivery.event.created for delivery in events), default=None)
        return QueueStatus(key, len(events) - taken, 0, taken, dead, oldest, key in self.paused)

    async def waiting(self, queue: QueueKey, limit: int) -> Sequence[Delivery]:
        """The events of the queue."""
        return [delivery for delivery in self.events if delivery.queue == queue][:limit]

    async def dead_letters(self, queue: QueueKey, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """The dead letters of the queue."""
        found = [letter for letter in self.letters if letter.queue == queue and letter.id > after][:limit]
        self.most_letters_read = max(self.most_letters_read, len(found))
        return found

    async def redrive(self, letters: Sequence[DeadLetter], target: QueueKey | None, data: bytes | None) -> int:
        """Makes events of dead letters."""
        found = [letter for letter in self.letters if letter in letters]
        for letter in found:
            self.letters.remove(letter)
            event = letter.event if data is None else letter.event._replace(data=data)
            self.events.append(Delivery(letter.id, target or letter.queue, event, 1, 0.0, letter.group))
        return len(found)

    async def move(self, source: QueueKey, target: QueueKey) -> int:
        """Hands over what is not taken, and the dead letters."""
        events = [delivery for delivery in self.events if delivery.queue == source and not delivery.taken]
        letters = [letter for letter in self.letters if letter.queue == source]
        for delivery in events:
            self.events[self.events.index(delivery)] = delivery._replace(queue=target)
        for letter in letters:
            self.letters[self.letters.index(letter)] = dataclasses.replace(letter, queue=target)
        return len(events) + len(letters)

    async def purge(self, queue: QueueKey, dead: bool) -> int:
        """Forgets one or the other."""
        before = len(self.events) + len(self.letters)
        if dead:
            self.letters = [letter for letter in self.letters if letter.queue != queue]
        else:
            self.events = [delivery for delivery in self.events if delivery.queue != queue or delivery.taken]
        return before - len(self.events) - len(self.letters)

    async def pause(self, queue: QueueKey, paused: bool) -> None:
        """Remembers it."""
        (self.paused.add if paused else self.paused.discard)(queue)
