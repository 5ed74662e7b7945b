"""What is stored: events in queues, and the writes that engines carry out. Frozen, without behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from runtime.ids import trace_id_of
from runtime.model import Failure, TriggerKind


class Event(NamedTuple):
    """Something emitted; `data` is an encoded value, `created` a Unix time, `trace` the trace context (see `ids`)."""

    id: str
    topic: str
    data: bytes
    trace: str
    created: float = 0.0

    @property
    def trace_id(self) -> str:
        """The trace that it belongs to."""
        return trace_id_of(self.trace)


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
"""Makes the new value of the old one; None stands for no value, on both sides. What it raises prevents the write.
One that returns the very object it was given leaves everything as it was: nothing follows and nobody is told."""


class Publication(NamedTuple):
    """Puts an event into all of the queues or none.

    With an `idempotency_key` an event of the topic that was published with the same key before, and whose
    window is not over, stands for this one.
    """

    event: Event
    placements: tuple[Placement, ...]
    idempotency_key: str = ""


class Written(NamedTuple):
    """What a write has replaced by what: values for state and streams; for a publication `event_id` counts, which
    is another's when that one stands for it."""

    before: bytes | None = None
    after: bytes | None = None
    event_id: str = ""


Follow = Callable[[Written], Publication | None]
"""Makes the event that a change leads to, which is stored together with the change; None for none.
What it raises prevents the write."""

Told = Callable[[Written], None]
"""Hears of a write when it is stored, whoever still waits for it, in the order of writes; must not raise."""


class StateWrite(NamedTuple):
    """Replaces one value of a group; a new key goes to the end of the group's order.

    `until` is the Unix time at which the value ends by itself: 0 for never, None to leave it as it is. With an
    `if_version` the value must have that version, 0 for no value, or the write is refused with `VersionConflict`.
    A write that says `until` is a change also when it gives the very value it was given. One that does not makes a
    value that was not there end at `until_if_new`. `follow` is looked at by `Engine.commit` alone.
    """

    group: str
    key: str
    change: Change
    until: float | None = None
    if_version: int | None = None
    follow: Follow | None = None
    until_if_new: float = 0.0


class StateClear(NamedTuple):
    """Removes a whole group; `follow` makes, for a key, what makes the event of its removal.

    `follow` is looked at by `Engine.commit` alone.
    """

    group: str
    follow: Callable[[str], Follow | None] | None = None


class StreamWrite(NamedTuple):
    """Replaces one item of a stream's group; `follow` is looked at by `Engine.commit` alone."""

    stream: str
    group: str
    id: str
    change: Change
    follow: Follow | None = None
    told: Told | None = None


class Notice(NamedTuple):
    """Stores nothing: calls back when the writes before it are stored, and before it hears of those behind it."""

    told: Callable[[], None]


Write = StateWrite | StateClear | StreamWrite | Notice | Publication


class Entry(NamedTuple):
    """A value of state and its version: a number over 0 that no write of the same key has had before.

    `until` is the Unix time at which the value ends by itself, 0 for never.
    """

    value: bytes
    version: int
    until: float = 0.0


class Group(NamedTuple):
    """A group of state and how many keys it has, or of a stream and how many items."""

    name: str
    keys: int


class Text(NamedTuple):
    """What a text stream holds from an offset on; `end` is the offset behind it, in bytes of UTF-8.

    `began` is when its first piece was written, in microseconds since 1970: a text that was forgotten and one that is
    written later under the same id differ in it.
    """

    data: bytes
    end: int
    closed: bool
    began: int


@dataclass(frozen=True, slots=True)
class StreamChange:
    """What happened to a stream; `id` is empty when an event goes to a whole group.

    `operation` is "create", "update" or "delete" with the item as `data`, or "event" with the event.
    """

    stream: str
    group: str
    id: str
    operation: str
    data: bytes
