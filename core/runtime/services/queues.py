"""Looking into queues and changing them: what the command line, the control API and the Workbench share."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from anyio.lowlevel import checkpoint

from runtime.catalog import Catalog
from runtime.contracts import Clock, EventBus
from runtime.errors import HostCallRefused
from runtime.model import QueuePolicy, TriggerKind
from runtime.records import DeadLetter, Delivery, QueueKey, QueueStatus
from runtime.services.schemas import SchemaService

LETTERS_AT_ONCE = 32
"""Dead letters that a redrive holds in memory; each may have as many bytes as an event."""
MAX_CANDIDATES = 20
"""Queues that an error lists."""
_CONTENTS = {
    TriggerKind.EVENT: "events",
    TriggerKind.CRON: "a schedule's ticks",
    TriggerKind.STATE: "changes of state",
    TriggerKind.STREAM: "changes of streams",
}


class UnclearQueue(Exception):
    """An address that does not lead to one queue; `candidates` are those that it may mean."""

    def __init__(self, message: str, candidates: Iterable[QueueKey]) -> None:
        self.candidates = tuple(islice(candidates, MAX_CANDIDATES))
        super().__init__("\n".join([message, *(f"  {describe(key)}" for key in self.candidates)]))


class UnknownQueue(UnclearQueue):
    """No queue answers to the address; the candidates have like names, or are simply there."""


class AmbiguousQueue(UnclearQueue):
    """Several queues answer to the address: the candidates."""


class RedriveRefused(Exception):
    """What was asked of a redrive cannot be done; nothing has changed."""


class Address(NamedTuple):
    """What people call a queue by: `name` is its topic or its step, the other parts say which; None says nothing."""

    name: str | None = None
    topic: str | None = None
    step: str | None = None
    kind: TriggerKind | None = None

    def fits(self, key: QueueKey) -> bool:
        """Whether the queue has all parts of this address."""
        if self.name is not None and self.name not in (key.step, key.topic or None):
            return False
        parts = ((self.topic, key.topic), (self.step, key.step), (self.kind, key.kind))
        return all(asked is None or asked == there for asked, there in parts)

    def __str__(self) -> str:
        if self.name is not None:
            return f"'{self.name}'"
        parts = (("topic", self.topic), ("step", self.step), ("kind", self.kind and self.kind.value))
        return ", ".join(f"{part} '{word}'" for part, word in parts if word is not None)


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue as people see it; `age` is that of its oldest event in seconds, None when it is empty.

    `policy` is that of its step. Without one the queue is an orphan: no step of the project has it any more.
    """

    status: QueueStatus
    age: float | None
    policy: QueuePolicy | None

    @property
    def orphan(self) -> bool:
        """Whether no step of the project has this queue."""
        return self.policy is None


class QueueContents(NamedTuple):
    """A queue with the oldest of its events and dead letters."""

    view: QueueView
    waiting: Sequence[Delivery]
    dead: Sequence[DeadLetter]


class Selection(NamedTuple):
    """Which dead letters are meant: those of these ids, those whose last failure has this type or kind, or all."""

    ids: frozenset[int] = frozenset()
    failure: str = ""
    all: bool = False


class Redriven(NamedTuple):
    """How many dead letters became events again, and how many events moved along with them."""

    redriven: int
    moved: int = 0


class QueueService:
    """Every queue of the project's steps, and those that steps have left behind."""

    def __init__(self, bus: EventBus, clock: Clock, max_event_bytes: int, schemas: SchemaService) -> None:
        self.catalog = Catalog()
        self._bus = bus
        self._clock = clock
        self._max_event_bytes = max_event_bytes
        self._schemas = schemas

    def overview(self) -> list[QueueView]:
        """All queues in the order of topic and step, empty ones too."""
        policies = self._policies()
        found = {status.queue: status for status in self._bus.status()}
        keys = sorted({*policies, *found}, key=lambda key: (key.topic, key.step, key.kind.value))
        return [self._view(found.get(key) or _empty(key), policies.get(key)) for key in keys]

    def find(self, address: Address) -> QueueKey:
        """The one queue that the address fits. Raises `UnknownQueue` or `AmbiguousQueue`."""
        keys = [view.status.queue for view in self.overview()]
        found = [key for key in keys if address.fits(key)]
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousQueue(f"{address} fits {len(found)} queues; give topic, step and kind:", found)
        message = f"there is no queue {address}"
        raise UnknownQueue(f"{message}; there are:" if keys else message, _nearest(address, keys))

    def view(self, queue: QueueKey) -> QueueView:
        """The queue as it is now, empty when there is nothing in it."""
        status = next((status for status in self._bus.status() if status.queue == queue), _empty(queue))
        return self._view(status, self._policies().get(queue))

    async def contents(self, queue: QueueKey, limit: int) -> QueueContents:
        """The queue with at most so many of its events, and of its dead letters."""
        waiting = await self._bus.waiting(queue, limit)
        return QueueContents(self.view(queue), waiting, await self._bus.dead_letters(queue, limit))

    async def pause(self, queue: QueueKey, paused: bool) -> None:
        """Stops the deliveries of a queue, or lets them go on."""
        await self._bus.pause(queue, paused)

    async def purge(self, queue: QueueKey, *, dead: bool) -> int:
        """Forgets the queue's dead letters, or else its events that are not taken; returns how many there were."""
        return await self._bus.purge(queue, dead)

    async def redrive(
        self, queue: QueueKey, selection: Selection, target: Address | None = None, data: bytes | None = None
    ) -> Redriven:
        """Makes events of dead letters again, with `data` (an encoded value) in place of what a single one carried.

        They go to the target, a queue of another step, or to their own. All of an orphan's dead letters take
        its events along. Raises `RedriveRefused`; `UnknownQueue` or `AmbiguousQueue` for a target that is not clear.
        """
        goal = self._goal(queue, target)
        if data is not None:
            self._check_data(goal or queue, selection, data)
        if not selection.all:
            wanted = await self._selected(queue, selection)
            return Redriven(await self._redrive_some(queue, wanted, goal, data))
        redriven = await self._redrive_all(queue, goal)
        takes_events = goal is not None and self.view(queue).orphan
        return Redriven(redriven, await self._bus.move(queue, goal) if goal is not None and takes_events else 0)

    def _goal(self, queue: QueueKey, target: Address | None) -> QueueKey | None:
        """The queue that takes over, of the same kind; None for the letters' own."""
        policies = self._policies()
        if target is None:
            if queue in policies:
                return None
            raise RedriveRefused(
                f"no step has the queue of {describe(queue)}; name the step that shall have its events"
            )
        keys = [key for key in policies if key.kind is queue.kind]
        found = [key for key in keys if target.fits(key)]
        goal = found[0] if len(found) == 1 else next((key for key in found if key.topic == queue.topic), None)
        if goal is not None:
            return None if goal == queue else goal
        if found:
            raise AmbiguousQueue(f"{target} fits {len(found)} queues; give the target's topic and step:", found)
        raise UnknownQueue(f"no step takes {_CONTENTS[queue.kind]} as {target}; there are:", _nearest(target, keys))

    def _check_data(self, goal: QueueKey, selection: Selection, data: bytes) -> None:
        if len(selection.ids) != 1 or selection.failure or selection.all:
            raise RedriveRefused("an edited payload is for a single dead letter; name its id")
        if len(data) > self._max_event_bytes:
            raise RedriveRefused(
                f"the edited payload has {len(data)} bytes, over the limit of {self._max_event_bytes} "
                "(bus.maxEventBytes)"
            )
        try:
            self._schemas.check_redrive(goal, data)
        except HostCallRefused as error:
            raise RedriveRefused(f"the edited payload cannot be taken: {error}") from error

    async def _redrive_all(self, queue: QueueKey, goal: QueueKey | None) -> int:
        """Redrives as many as there are at the beginning: one that dies again meanwhile is the newest and stays."""
        rest = self.view(queue).status.dead
        redriven = 0
        while rest > 0 and (letters := await self._bus.dead_letters(queue, min(rest, LETTERS_AT_ONCE))):
            redriven += await self._bus.redrive(letters, goal, None)
            rest -= len(letters)
        return redriven

    async def _redrive_some(self, queue: QueueKey, wanted: set[int], goal: QueueKey | None, data: bytes | None) -> int:
        redriven = 0
        async for page in self._pages(queue):
            redriven += await self._bus.redrive([letter for letter in page if letter.id in wanted], goal, data)
        return redriven

    async def _selected(self, queue: QueueKey, selection: Selection) -> set[int]:
        """The ids of the dead letters that are meant, all of which there must be, or one at least for a cause."""
        found: set[int] = set()
        causes: Counter[str] = Counter()
        async for page in self._pages(queue):
            causes.update(_causes(letter)[0] for letter in page)
            if selection.ids:
                found |= selection.ids & {letter.id for letter in page}
            else:
                found |= {letter.id for letter in page if selection.failure in _causes(letter)}
        missing = sorted(selection.ids - found)
        if missing:
            raise RedriveRefused(f"{describe(queue)} has no dead letter {', '.join(map(str, missing))}")
        if not found:
            there = causes.most_common(MAX_CANDIDATES)
            known = ", ".join(f"{cause} ({count})" for cause, count in there) or "none"
            raise RedriveRefused(
                f"no dead letter of {describe(queue)} failed with '{selection.failure}'; there are: {known}"
            )
        return found

    async def _pages(self, queue: QueueKey) -> AsyncIterator[Sequence[DeadLetter]]:
        """The dead letters that there are at the beginning, few at a time; others have their turn in between."""
        rest, last = self.view(queue).status.dead, 0
        while rest > 0 and (page := await self._bus.dead_letters(queue, min(rest, LETTERS_AT_ONCE), last)):
            rest, last = rest - len(page), page[-1].id
            yield page
            await checkpoint()

    def _view(self, status: QueueStatus, policy: QueuePolicy | None) -> QueueView:
        age = None if status.oldest is None else max(0.0, self._clock.now() - status.oldest)
        return QueueView(status, age, policy)

    def _policies(self) -> dict[QueueKey, QueuePolicy]:
        """The queues that the project's steps have."""
        return {queue: bound.step.queue for queue, bound in self.catalog.queues().items()}


def describe(key: QueueKey) -> str:
    """The queue in words that tell it from every other."""
    if key.kind is TriggerKind.CRON:
        which = f" '{key.topic}'" if key.topic else ""
        return f"the schedule{which} of step '{key.step}'"
    if key.kind in (TriggerKind.STATE, TriggerKind.STREAM):
        return f"changes of {key.kind.value} '{key.topic}', step '{key.step}'"
    return f"topic '{key.topic}', step '{key.step}'"


def _causes(letter: DeadLetter) -> tuple[str, ...]:
    """What the last failure of a dead letter goes by: its type, and its kind."""
    if not letter.attempts:
        return ("unknown",)
    failure = letter.attempts[-1].failure
    return (failure.type, failure.kind.value) if failure.type else (failure.kind.value,)


def _empty(key: QueueKey) -> QueueStatus:
    return QueueStatus(key, waiting=0, delayed=0, in_flight=0, dead=0, oldest=None, paused=False)


def _nearest(address: Address, keys: Sequence[QueueKey]) -> list[QueueKey]:
    """The queues whose topic or step looks like a word of the address; when there are none, all."""
    asked = [word for word in address[:3] if isinstance(word, str)]
    names = {name for key in keys for name in key[:2] if name}
    close = {name for word in asked for name in difflib.get_close_matches(word, names, n=MAX_CANDIDATES)}
    return [key for key in keys if key.topic in close or key.step in close] or list(keys)
