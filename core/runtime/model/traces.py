"""What is remembered of runs: spans and their operations, the traces that they add up to, and queries for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from runtime.model.failures import Failure, Payload
from runtime.model.logs import LogLevel
from runtime.model.triggers import TriggerKind


class TraceStatus(Enum):
    """How a span or trace stands; a trace has failed when one of its spans has."""

    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"


class Then(Enum):
    """What came after an attempt that failed; nothing after one that was not delivered from a queue."""

    NOTHING = ""
    RETRY = "retry"
    DEAD = "dead"


class Operation(NamedTuple):
    """What a handler asked of the core: `name` is such as "emit" or "state.set".

    `target` is a topic or stream. `event_id` is that of an emitted event, empty for all else. `data` is the encoded
    value that was written, cut; `size` its bytes. `began` is a Unix time; `error` is empty for one that was done.
    """

    name: str
    target: str
    group: str
    key: str
    began: float
    seconds: float
    data: bytes = b""
    size: int = 0
    event_id: str = ""
    error: str = ""


@dataclass(slots=True)
class Span:
    """One attempt of one step; changed while it runs, never after it has ended.

    `source` is what people know the cause by: "POST /orders", a topic, a cron expression, a group or stream. `queue`
    is the topic of the queue that it came from. Times are Unix times in seconds: `began` when the request or event was
    taken, after `queued` seconds in its queue; `started` when a runner had room, 0 while none has; `ended` 0 while it
    runs. `repeats` is the trace that this one repeats, known in its first span alone.
    """

    trace_id: str
    span_id: str
    parent_id: str
    step: str
    language: str
    file: str
    kind: TriggerKind
    source: str
    began: float
    input: Payload
    attempt: int = 1
    queue: str = ""
    queued: float = 0.0
    cause_id: str = ""
    repeats: str = ""
    is_sampled: bool = True
    started: float = 0.0
    ended: float = 0.0
    http_status: int = 0
    failure: Failure | None = None
    then: Then = Then.NOTHING
    delivery: int = 0
    """The id of its delivery, which its dead letter has as well; 0 for a request."""
    operations: list[Operation] = field(default_factory=list)
    lost_operations: int = 0
    """Operations that were too many to be remembered."""
    input_size: int = 0
    """Bytes of the input, of which `input` may be the beginning alone."""

    @property
    def status(self) -> TraceStatus:
        """How it stands."""
        if not self.ended:
            return TraceStatus.RUNNING
        return TraceStatus.FAILED if self.has_failed else TraceStatus.OK

    @property
    def has_failed(self) -> bool:
        """Whether it is known to have failed. A request that was answered with a status of 4xx has not: it may be what
        its client was to be told."""
        return self.http_status >= 500 or (self.failure is not None and self.http_status < 400)

    @property
    def context(self) -> str:
        """The trace context of what follows from this span: see `ids.context_of`."""
        return f"{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A trace as it stands, from its first span to its last; `ended` is 0 while one of them runs.

    `name`, `kind` and `step` are those of the first span, `error` is the first failure, its type before its message.
    """

    trace_id: str
    name: str
    kind: TriggerKind
    step: str
    steps: tuple[str, ...]
    began: float
    ended: float
    status: TraceStatus
    spans: int
    failed: int
    http_status: int = 0
    repeats: str = ""
    error: str = ""


class TraceQuery(NamedTuple):
    """Which traces are wanted, newest first: `before` is the place behind which a page goes on, 0 for the newest.

    Of `steps` one must have taken part, empty for any. `text` is looked for in trace ids, names, steps and errors,
    whatever its case. `since` and `until` are Unix times, 0 for none.
    """

    limit: int = 50
    before: int = 0
    status: TraceStatus | None = None
    kind: TriggerKind | None = None
    steps: frozenset[str] = frozenset()
    text: str = ""
    since: float = 0.0
    until: float = 0.0


class LogQuery(NamedTuple):
    """Which lines are wanted, newest first: those with ids below `before` (0 for all) and above `after`.

    With `since` they are those from the first on that was logged at that Unix time or later. With `oldest_first` they
    come in their order, so that one page goes on behind another. `level` is the lowest. `text` is looked for in
    messages, data and sources, whatever its case.
    """

    limit: int = 200
    before: int = 0
    after: int = 0
    level: LogLevel = LogLevel.DEBUG
    source: str = ""
    trace_id: str = ""
    text: str = ""
    since: float = 0.0
    oldest_first: bool = False


class TracePage(NamedTuple):
    """Traces of a query; `next` is the `before` of the next page, 0 after the last one."""

    traces: Sequence[TraceSummary]
    next: int


class Retention(NamedTuple):
    """What is kept at most: so many traces and lines, so many seconds, so many bytes on disk."""

    traces: int
    logs: int
    age: float
    bytes: int
