"""Every seam of the runtime on one page: what an engine, a runner or a clock must do.

Values are encoded bytes throughout: the core stores and forwards them without looking inside.
The smallest implementations are in `storage/memory`; tests run on those and on every other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from runtime.model import Delivery, Event, Failure, Invocation, LogRecord, Outcome, QueueKey


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
    """Holds events in one queue for each (topic, step) until they are acknowledged or dead.

    What `publish` has returned for is kept as safely as the engine promises. A delivery that is
    taken and neither acknowledged, retried nor buried before the engine closes is delivered again.
    """

    def open(self) -> AbstractAsyncContextManager[None]:
        """Makes the engine ready for the time of the context."""

    async def publish(self, event: Event, queues: Mapping[QueueKey, float]) -> None:
        """Puts the event into all queues or none; each queue's number is the Unix time from which the event is
        due there, 0 for at once. Raises `HostCallRefused` when a bound is reached."""

    async def take(self, queue: QueueKey) -> Delivery:
        """Waits for the next event of the queue that is due and leases it to the caller."""

    async def acknowledge(self, delivery: Delivery) -> None:
        """Ends a delivery well; the event leaves the queue."""

    async def retry(self, delivery: Delivery, failure: Failure, due: float) -> None:
        """Puts the event back, to be taken from the Unix time `due` with the next attempt number."""

    async def bury(self, delivery: Delivery, failure: Failure) -> None:
        """Ends a delivery for good: the event becomes a dead letter of the queue."""

    def depth(self, queue: QueueKey) -> int:
        """Events that wait, are delayed or are leased."""

    def dead_letters(self, queue: QueueKey) -> Sequence[tuple[Event, Failure]]:
        """The queue's dead letters with their last failure, oldest first."""


class StateStore(Protocol):
    """Keeps values by group and key; both are opaque strings."""

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None when there is none."""

    async def set(self, group: str, key: str, value: bytes) -> None:
        """Stores the value; a new key goes to the end of its group's order."""

    async def delete(self, group: str, key: str) -> bytes | None:
        """Removes and returns the value, or None when there was none."""

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""

    async def clear(self, group: str) -> None:
        """Removes the whole group."""

    async def modify(self, group: str, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replaces the value by what `change` makes of it, with nothing in between; returns the new one."""


class StreamStore(Protocol):
    """Keeps the items of streams by stream, group and id. An item's bytes include its metadata."""

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None when there is none."""

    async def modify(
        self, stream: str, group: str, id: str, change: Callable[[bytes | None], bytes]
    ) -> tuple[bytes, bool]:
        """Replaces the item by what `change` makes of it; returns it and whether it is new."""

    async def delete(self, stream: str, group: str, id: str) -> bytes | None:
        """Removes and returns the item, or None when there was none."""

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""


class CronLock(Protocol):
    """Lets one instance among many run a schedule's tick."""

    async def acquire(self, schedule: str, tick: float) -> bool:
        """True for exactly one caller per schedule and tick (a Unix time)."""


class Runner(Protocol):
    """A loaded runner process that has room for an invocation."""

    async def run(self, invocation: Invocation) -> Outcome:
        """Runs the handler to its one outcome; never raises for what user code does.

        Cancelling the caller asks the runner to stop the handler.
        """


class RunnerPool(Protocol):
    """The runner processes of one language."""

    def idle(self) -> Runner | None:
        """A runner with room right now, or None."""

    async def wait_idle(self, seconds: float | None) -> Runner | None:
        """The same, waiting for room or a restart at most so long; without a number, as long as it takes."""


class LogSink(Protocol):
    """Where log lines go."""

    def write(self, record: LogRecord) -> None:
        """Takes a line; must not block."""
