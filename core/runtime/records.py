"""What is stored: events in queues, and the writes that engines carry out. Frozen, without behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from runtime.model import Failure, TriggerKind


class Event(NamedTuple):
    """Something emitted; `data` is an encoded value, `created` a Unix time."""

    id: str
    topic: str
    data: bytes
    trace_id: str
    created: float = 0.0


class QueueKey(NamedTuple):
    """Each pair of topic and step is a queue of its own; that of a schedule has its step's name and no topic."""

    topic: str
    step: str
    kind: TriggerKind = TriggerKind.EVENT


class Placement(NamedTuple):
    """How an event enters one queue.

    `due` is the Unix time from which it may be taken, 0 for at once. Events of one non-empty `group` are taken
    one after the other, in order. A higher `priority` is taken first; within a group, order wins.
    """

    queue: QueueKey
    due: float = 0.0
    group: str = ""
    priority: int = 0


class Attempt(NamedTuple):
    """One failed attempt; `number` counts from 1, times are Unix times in seconds."""

    number: int
    failure: Failure
    began: float
    ended: float


class Delivery(NamedTuple):
    """An event taken from a queue and not yet settled; `attempt` counts from 1, `taken` is a Unix time.

    `id` is unique in the engine and stays the same across attempts. `failed` are the attempts before this one.
    """

    id: int
    queue: QueueKey
    event: Event
    attempt: int
    taken: float
    group: str = ""
    priority: int = 0
    failed: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that no attempt got done, with all of them; `buried` is a Unix time."""

    id: int
    queue: QueueKey
    event: Event
    attempts: tuple[Attempt, ...]
    buried: float
    group: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What one queue holds; `oldest` is the Unix time since which its oldest event waits, None when it is empty.

    `waiting` events could be taken now, `delayed` ones later (retries among them), `in_flight` ones are taken.
    """

    queue: QueueKey
    waiting: int
    delayed: int
    in_flight: int
    dead: int
    oldest: float | None
    paused: bool


Change = Callable[[bytes | None], bytes | None]
"""Makes the new value of the old one; None stands for no value, on both sides. What it raises prevents the write."""


class StateWrite(NamedTuple):
    """Replaces one value of a group; a new key goes to the end of the group's order."""

    group: str
    key: str
    change: Change


class StateClear(NamedTuple):
    """Removes a whole group."""

    group: str


class StreamWrite(NamedTuple):
    """Replaces one item of a stream's group."""

    stream: str
    group: str
    id: str
    change: Change


class Publication(NamedTuple):
    """Puts an event into all of the queues or none.

    With an `idempotency_key` an event of the topic that was published with the same key before, and whose
    window is not over, stands for this one.
    """

    event: Event
    placements: tuple[Placement, ...]
    idempotency_key: str = ""


Write = StateWrite | StateClear | StreamWrite | Publication


class Written(NamedTuple):
    """What a write has replaced by what: values for state and streams; for a publication `event_id` counts, which
    is another's when that one stands for it."""

    before: bytes | None = None
    after: bytes | None = None
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class StreamChange:
    """What happened to a stream; `id` is empty when an event goes to a whole group."""

    stream: str
    group: str
    id: str
    operation: str
    data: bytes
