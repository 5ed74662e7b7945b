"""Every seam of the runtime on one page: what an engine, a runner or a clock must do.

Values are encoded bytes throughout: the core stores and forwards them without looking inside.
The smallest implementations are in `storage/memory`; tests run on those and on every other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from runtime.model import (
    Failure,
    Hook,
    Invocation,
    LogQuery,
    LogRecord,
    Outcome,
    RequestRecord,
    Retention,
    Span,
    TracePage,
    TraceQuery,
    TraceSummary,
)
from runtime.records import (
    DeadLetter,
    Delivery,
    Entry,
    Group,
    Publication,
    QueueKey,
    QueueStatus,
    StateClear,
    StateWrite,
    StreamWrite,
    Text,
    Write,
    Written,
)


class Timer(Protocol):
    """A callback that waits for its time."""

    def cancel(self) -> None:
        """Prevents the call; without effect once it was made."""


class Clock(Protocol):
    """Where every part of the runtime takes its time from."""

    def now(self) -> float:
        """Unix time in seconds."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Calls back on the event loop at the Unix time `when`, at once if it has passed."""


class EventBus(Protocol):
    """Holds events in one queue for each `QueueKey` until they are acknowledged or dead.

    What `publish` has returned for is kept as safely as the engine promises. A delivery that is
    taken and neither acknowledged, retried nor buried before the engine closes is delivered again.
    """

    async def publish(self, publication: Publication) -> str:
        """Publishes an event and returns its id, or that of the event that stands for it.

        Raises `HostCallRefused` when a bound is reached, `StorageFault` when it cannot be stored.
        """

    def standing(self, topic: str, idempotency_key: str) -> str | None:
        """The id of the event that stands for others of that key now, None when there is none."""

    async def take(self, queue: QueueKey) -> Delivery:
        """Waits for the next event of the queue that is due and leases it to the caller."""

    async def acknowledge(self, delivery: Delivery) -> None:
        """Ends a delivery well; the event leaves the queue."""

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """Puts the event back, to be taken from the Unix time `due` with the next attempt number."""

    async def release(self, delivery: Delivery) -> None:
        """Puts the event back as it was taken: nobody has begun to handle it."""

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """Ends a delivery for good: the event becomes a dead letter of the queue."""

    def status(self) -> Sequence[QueueStatus]:
        """Every queue that holds something or is paused, in the order of topic and step."""

    async def waiting(self, queue: QueueKey, limit: int) -> Sequence[Delivery]:
        """The events of a queue that are not dead, oldest first, at most so many; nothing is taken."""

    async def dead_letters(self, queue: QueueKey, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """The queue's dead letters whose ids are greater than `after`, oldest first, at most so many."""

    async def redrive(self, letters: Sequence[DeadLetter], target: QueueKey | None, data: bytes | None) -> int:
        """Makes events of dead letters again, with their first attempt before them; returns how many there were.

        They go to the target queue, or to their own; with `data` in place of what they carried.
        """

    async def move(self, source: QueueKey, target: QueueKey) -> int:
        """Hands all events of a queue that are not taken, and its dead letters, to another; returns how many."""

    async def purge(self, queue: QueueKey, dead: bool) -> int:
        """Forgets the queue's dead letters, or else its events that are not taken; returns how many there were."""

    async def pause(self, queue: QueueKey, paused: bool) -> None:
        """While a queue is paused nothing is taken from it; that outlives a restart where the engine does."""


class StateStore(Protocol):
    """Keeps values by group and key; both are opaque strings. A value whose time is over is not there any more."""

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None when there is none."""

    async def entry(self, group: str, key: str) -> Entry | None:
        """The value with its version, or None when there is none."""

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups that are not empty, in the order of their names, those behind `after`."""

    async def write(self, write: StateWrite) -> Written:
        """Changes one value, with nothing in between. Raises `VersionConflict`."""

    async def clear(self, clear: StateClear) -> None:
        """Removes the whole group."""

    def ending(self) -> float | None:
        """The Unix time at which the next value ends by itself, also one that has passed; None when none does."""

    async def ended(self, limit: int) -> Sequence[tuple[str, str]]:
        """Groups and keys of at most so many values whose time is over and that are stored still."""


class StreamStore(Protocol):
    """Keeps the items of streams by stream, group and id. An item's bytes include its metadata."""

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None when there is none."""

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups of a stream that are not empty, in the order of their names, those behind `after`."""

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """True for an item that is not there but was, not longer ago than the engine remembers."""

    def settle(self) -> None:
        """Makes what is written so far last or fail now: what is read next, in the same turn, is not undone later."""

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item, with nothing in between."""


class TextStore(Protocol):
    """Keeps texts that grow at their end, as UTF-8; offsets count bytes."""

    async def append(
        self, id: str, data: bytes, now: float, max_bytes: int, told: Callable[[], None] | None = None
    ) -> int:
        """Adds to the end of a text, which begins with its first piece; returns the offset behind it.

        `told` is called when that is stored, whoever still waits for it; it must not raise.
        Raises `HostCallRefused` for a text that is closed or would be longer than the limit.
        """

    async def close(self, id: str, now: float, told: Callable[[], None] | None = None) -> bool:
        """Closes a text, an empty one where there is none; False when it was closed already.

        `told` is called when that is stored, not for a text that was closed already; it must not raise.
        """

    async def read(self, id: str, start: int, max_bytes: int) -> Text | None:
        """At most so many bytes from an offset on, or None when there is no such text."""

    async def forget(self, before: float, limit: int) -> int:
        """Removes at most so many texts that nothing was written to since a Unix time; returns how many there were."""


IsLeft = Callable[[], bool]
"""Whether whoever asked has left; asked in the thread that looks. What is found then is of no use to anybody."""


class TraceStore(Protocol):
    """Keeps spans and log lines. Its methods block, and are called in any thread. All raise `StorageFault`."""

    @property
    def warning(self) -> str:
        """What became of what was found and could not be used, for people; mostly empty."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Makes the store ready for the time of the context."""

    def write(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """Keeps spans that have ended, and lines; returns the lines with their ids, which grow."""

    def traces(self, query: TraceQuery, is_left: IsLeft | None = None) -> TracePage:
        """Traces of spans that have ended, newest first; None for `is_left` where whoever asks stays."""

    def summaries(self, trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        """Those of these traces that are there, in no order."""

    def spans(self, trace_id: str, limit: int, failed: int = 0) -> Sequence[Span]:
        """At most so many spans of a trace, in the order in which they began; none when there is no such trace.

        Of those behind them, at most `failed` that have failed.
        """

    def span(self, trace_id: str, span_id: str) -> Span | None:
        """The span of a trace, None when it is not there."""

    def logs(self, query: LogQuery, is_left: IsLeft | None = None) -> Sequence[LogRecord]:
        """Lines, in the order of the query; None for `is_left` where whoever asks stays."""

    def clear(self) -> int:
        """Forgets everything; returns how many traces there were."""

    def prune(self, retention: Retention, now: float) -> None:
        """Forgets the oldest until no more is kept than may be; `now` is a Unix time."""


class Engine(Protocol):
    """A storage engine: the stores that belong together."""

    @property
    def events(self) -> EventBus:
        """The queues."""

    @property
    def state(self) -> StateStore:
        """The values."""

    @property
    def streams(self) -> StreamStore:
        """The items of streams."""

    @property
    def texts(self) -> TextStore:
        """The text streams."""

    @property
    def cron(self) -> CronLock:
        """The ticks of schedules."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Makes the engine ready for the time of the context. Raises `StorageFault` when it cannot be."""

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        """Carries out all writes and what follows from them, in order, and acknowledges the delivery: all or nothing.

        A write that finds a value whose time is over removes it first, which is a change of its own.

        Raises `HostCallRefused` that one of the changes raised or when a bound is reached, `StorageFault` when
        it cannot be stored.
        """


class CronLock(Protocol):
    """Lets one instance among many fire a schedule's tick, and remembers the last one."""

    async def fire(self, schedule: str, tick: float, publication: Publication | None) -> bool:
        """Publishes a tick's event, together with the memory of the tick (a Unix time): True for one caller a tick.

        Ticks of a schedule only go forward. Without a publication the tick is remembered as passed over.
        """

    async def last(self, schedule: str) -> float | None:
        """The newest tick that was fired or passed over, None when there was none."""


class Runner(Protocol):
    """A loaded runner process that has room for an invocation."""

    def start(self, invocation: Invocation, ended: Callable[[Outcome], None]) -> Callable[[], None]:
        """Runs the handler, and calls `ended` with its one outcome, at once where it cannot be run.

        Returns what whoever waits for the outcome no longer calls: the runner is asked to stop the handler, and `ended`
        is not called any more; without effect when it was. `ended` must not raise.
        """


class Hooks(Protocol):
    """Asks runners to call functions of the user's that are no steps."""

    async def call(self, language: str, hook: Hook, target: str, payload: bytes) -> bytes:
        """The encoded reply of the function that the file `target` has for the hook, empty for none.

        Asked once more where the runner is lost meanwhile, within the same time. Raises `HookFailed` when it throws,
        does not answer in time, or cannot be asked.
        """

    async def tell(self, language: str, hook: Hook, target: str, payload: bytes) -> None:
        """Calls the function when its turn has come, which may take long: nobody waits for it.

        Raises `HookFailed` when it throws, does not end in time, or cannot be called.
        """


class RunnerPool(Protocol):
    """The runner processes of one language."""

    def idle(self) -> Runner | None:
        """A runner with room right now, or None."""

    async def wait_idle(self, seconds: float | None) -> Runner | None:
        """The same, waiting for room or a restart at most so long; without a number, as long as it takes."""


class Reply(Protocol):
    """The client of a request that is answered without an ASGI application of its own."""

    @property
    def has_left(self) -> bool:
        """Whether the client has gone."""

    def send(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends the one answer."""

    def go_on(self, application: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        """Has this ASGI application send the answer instead, in a task."""


class LogSink(Protocol):
    """Where log lines go."""

    def write(self, record: LogRecord) -> None:
        """Takes a line; must not block."""

    def request(self, record: RequestRecord) -> None:
        """Takes a request that was answered; must not block."""
