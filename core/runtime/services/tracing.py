"""Spans while they run, and on their way into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import anyio.to_thread

from runtime.config import TelemetrySettings
from runtime.contracts import Clock, TraceStore
from runtime.errors import StorageFault
from runtime.ids import Context, new_span_id
from runtime.model import (
    Failure,
    LogLevel,
    LogRecord,
    Operation,
    Payload,
    Retention,
    Span,
    Step,
    TriggerKind,
    length,
)
from runtime.services.logs import Report
from runtime.services.redaction import Redaction
from runtime.services.sampling import Sampling
from runtime.traces import kept_failure, line_bytes, span_bytes

_WRITE_SECONDS = 0.1
"""How long spans and lines wait for others to be written together with."""
_PRUNE_SECONDS = 5.0
_MOST_REPEATS = 10_000
_TELL_SECONDS = 60.0
"""How long it is not said again that traces are too many."""

_NOT_KEPT = "traces and lines cannot be kept"
_NOT_REMOVED = "old traces cannot be removed"


class Listener(Protocol):
    """Hears of runs as they happen; must not block and not raise."""

    def began(self, span: Span) -> None:
        """A step begins to run, or to wait for a runner."""

    def did(self, span: Span, operation: Operation) -> None:
        """A handler has had something done."""

    def ended(self, span: Span) -> None:
        """An attempt is over, and what follows from it is decided."""

    def dropped(self, span: Span) -> None:
        """It is not known how the attempt ends: there may be another in its place."""

    def written(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        """These can be found in the store now; lines have their ids."""


class Export(Listener, Protocol):
    """A listener that passes on what it hears, in a thread of its own."""

    def running(self, left: Callable[[], float]) -> AbstractAsyncContextManager[None]:
        """Passes on for the time of the context, and in its end what is left; `left` are the seconds for that."""

    def unsent(self) -> Mapping[str, int]:
        """What was not passed on and will not be, by signal."""


class Tracer:
    """Begins and ends spans, keeps those that are sampled or have failed, and has them written."""

    def __init__(
        self,
        settings: TelemetrySettings,
        store: TraceStore,
        clock: Clock,
        listeners: Sequence[Listener],
        report: Report,
        *,
        sample: float,
    ) -> None:
        """`sample` is the share of traces that is kept, where these are not too many."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._listeners = listeners
        self._report = report
        self._sampling = Sampling(sample, settings.max_traces_per_second)
        self._said_over = 0
        self._said_at = -_TELL_SECONDS
        self._spans: list[Span] = []
        self._logs: list[LogRecord] = []
        self._bytes = 0
        self._dropped = 0
        self.redaction = Redaction(settings.redact, settings.redact_query)
        self._warned = ""
        self._told: set[str] = set()
        self._wanted = asyncio.Event()
        self._repeats: dict[str, str] = {}
        self.running: dict[str, Span] = {}
        """Spans that have begun and not ended, by span id, oldest first."""
        self.unwritten: dict[str, Span] = {}
        """Spans that have ended and cannot be found in the store yet, by span id."""
        self.lost = 0
        """Spans and lines that were not kept since the start, for want of room or of a store that works."""

    # ------------------------------------------------------------ spans

    def begin(
        self,
        step: Step,
        kind: TriggerKind,
        source: str,
        context: Context,
        payload: Payload,
        span_id: str = "",
        attempt: int = 1,
        queue: str = "",
        queued: float = 0.0,
        cause_id: str = "",
        delivery: int = 0,
    ) -> Span | None:
        """A span that has begun now; None where nothing is remembered."""
        if not self._settings.enabled:
            return None
        trace_id, parent_id, is_sampled = context
        now = self._clock.now()
        repeats = ""
        if is_sampled is None or kind is TriggerKind.API:  # the trace begins here
            if self._repeats:
                repeats = self._repeats.pop(trace_id, "")
            # Who asks for one wants to see it.
            is_sampled = bool(repeats) or self._sampling.keeps(trace_id, now, is_sampled)
        size = length(payload)
        span = Span(
            trace_id,
            span_id or new_span_id(),
            parent_id,
            step.name,
            step.language,
            step.file,
            kind,
            source,
            now,
            payload if size <= self._settings.max_payload_bytes else b"",
            attempt,
            queue,
            queued,
            cause_id,
            repeats,
            is_sampled,
            input_size=size,
            delivery=delivery,
        )
        self.running[span.span_id] = span
        for listener in self._listeners:
            listener.began(span)
        return span

    def did(self, span: Span, operation: Operation) -> None:
        """Notes what a handler has had done."""
        if len(span.operations) >= self._settings.max_operations:
            span.lost_operations += 1
        elif operation.size > self._settings.max_payload_bytes:
            span.operations.append(operation._replace(data=b""))
        else:
            span.operations.append(operation)
        for listener in self._listeners:
            listener.did(span, operation)

    def end(self, span: Span, failure: Failure | None = None) -> None:
        """Hands on a span that is complete, with what went wrong: nothing of it changes any more."""
        span.failure = failure
        if not span.ended:
            span.ended = self._clock.now()
        del self.running[span.span_id]
        for listener in self._listeners:
            listener.ended(span)
        if (span.is_sampled or span.has_failed) and self._has_room(span_bytes(span)):
            self._spans.append(span)
            self.unwritten[span.span_id] = span

    def drop(self, span: Span) -> None:
        """Forgets a span whose run was never begun, or never ended; without effect after `end`."""
        if self.running.pop(span.span_id, None) is not None:
            for listener in self._listeners:
                listener.dropped(span)

    def repeats(self, trace_id: str, repeated: str) -> None:
        """Says of a trace that is to begin which one it repeats; forgotten with the process.

        Of too many the oldest is forgotten too: it may never begin.
        """
        self._repeats[trace_id] = repeated
        if len(self._repeats) > _MOST_REPEATS:
            del self._repeats[next(iter(self._repeats))]

    # ------------------------------------------------------------ lines

    def log(self, record: LogRecord) -> None:
        """Keeps a line."""
        if self._settings.enabled and self._has_room(line_bytes(record)):
            self._logs.append(record)

    # ------------------------------------------------------------ writing

    def _has_room(self, size: int) -> bool:
        if self._bytes + size > self._settings.max_buffered_bytes:
            self._dropped += 1
            self.lost += 1
            self._wanted.set()  # so that it is told
            return False
        self._bytes += size
        if not self._wanted.is_set():
            self._wanted.set()
        return True

    async def run(self) -> None:
        """Has what comes written, by batches, until it is cancelled; what is left then is written as well."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._prune)
                while True:
                    await self._wanted.wait()
                    await asyncio.sleep(_WRITE_SECONDS)
                    await self._write()
        finally:
            with anyio.CancelScope(shield=True):
                await self._write()

    async def _write(self) -> None:
        spans, self._spans = self._spans, []
        logs, self._logs = self._logs, []
        self._wanted.clear()
        self._bytes = 0
        if spans or logs:
            await self._write_batch(spans, logs)
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            message = f"{dropped} spans and lines came faster than they can be written, and are not kept"
            self._report(LogLevel.WARN, f"{message} (telemetry.maxBufferedBytes)", "runtime", "")
        self._tell_of_sampling()

    def _tell_of_sampling(self) -> None:
        """Says, seldom, that traces came faster than they are wanted: who misses one is to know why."""
        over = self._sampling.over - self._said_over
        if over and self._clock.now() - self._said_at >= _TELL_SECONDS:
            self._said_over, self._said_at = self._sampling.over, self._clock.now()
            message = f"more than {self._settings.max_traces_per_second} traces began in a second"
            rest = f"of {over} only attempts that failed are kept (telemetry.maxTracesPerSecond)"
            self._report(LogLevel.INFO, f"{message}: {rest}", "runtime", "")

    async def _write_batch(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        try:
            stored = await anyio.to_thread.run_sync(self._keep, spans, logs)
        except StorageFault as fault:
            self.lost += len(spans) + len(logs)
            self._tell(_NOT_KEPT, fault)
            return
        finally:
            for span in spans:
                del self.unwritten[span.span_id]
        self._told.discard(_NOT_KEPT)
        self.warn()
        for listener in self._listeners:
            listener.written(spans, stored)

    def _keep(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """Has them written, without what must not be kept; in a thread."""
        for span in spans:
            self.redaction.apply(span)
            if span.failure is not None:
                span.failure = kept_failure(span.failure, self._settings.max_payload_bytes)
        return self._store.write(spans, logs)

    def warn(self) -> None:
        """Tells, once, what the store has found that it cannot use."""
        if self._store.warning != self._warned:
            self._warned = self._store.warning
            self._report(LogLevel.WARN, self._warned, "runtime", "")

    def _tell(self, what: str, fault: StorageFault) -> None:
        """Once, until it works again: the line itself is kept like any other."""
        if what not in self._told:
            self._told.add(what)
            self._report(LogLevel.ERROR, f"{what}: {fault}", "runtime", "")

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(_PRUNE_SECONDS)
            await self._remove_old()

    async def _remove_old(self) -> None:
        kept = self._settings.retention
        retention = Retention(kept.traces, kept.logs, kept.age, kept.bytes)
        try:
            await anyio.to_thread.run_sync(self._store.prune, retention, self._clock.now())
        except StorageFault as fault:
            self._tell(_NOT_REMOVED, fault)
        else:
            self._told.discard(_NOT_REMOVED)
