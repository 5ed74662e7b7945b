"""Traces and lines as people look at them: what is stored, and what runs now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from threading import Event
from typing import NamedTuple, Protocol, TypeVar

import anyio.to_thread

from runtime.contracts import IsLeft, TraceStore
from runtime.model import LogQuery, LogRecord, Span, TracePage, TraceQuery, TraceStatus, TraceSummary
from runtime.services.redaction import Redaction
from runtime.traces import summary_of, wants_trace

Q = TypeVar("Q", TraceQuery, LogQuery)
T = TypeVar("T")
MOST_SPANS = 2000
"""Spans of a trace that are shown."""
MOST_FAILED = 200
"""Of the spans behind those, so many that failed are shown as well."""
MOST_LINES = 2000
"""Lines of a trace that are shown."""
_MOST_LOOKS = 3


class Trace(NamedTuple):
    """A trace with its spans in the order in which they began, and its lines, oldest first; `summary` is of all spans,
    also of those that are not shown."""

    summary: TraceSummary
    spans: Sequence[Span]
    logs: Sequence[LogRecord]
    lost_logs: int
    """0 where these are all, else how many more there are at least."""
    lost_spans: int
    """How many more spans there are; 0 where these are all."""


class Unstored(Protocol):
    """Knows of the spans that the store does not have, by span id."""

    running: dict[str, Span]
    unwritten: dict[str, Span]


class History:
    """Reads; what blocks is done in threads. All raise `StorageFault`.

    What is not stored is looked at before what is: then a span that is written meanwhile is seen twice, and never not
    at all.
    """

    def __init__(self, store: TraceStore, unstored: Unstored, redaction: Redaction) -> None:
        """Of what is not stored yet, nothing is shown that would not be kept."""
        self._store = store
        self._unstored = unstored
        self._redaction = redaction

    async def traces(self, query: TraceQuery) -> TracePage:
        """A page, newest first; traces of which nothing is stored yet stand at the top of the first one."""
        unstored = self._by_trace()
        page, known = await self._page(query, unstored)
        merged = [_with_running(trace, unstored.get(trace.trace_id, ())) for trace in page.traces]
        fresh = [] if query.before else [summary_of(spans) for id, spans in unstored.items() if id not in known]
        fresh.sort(key=lambda trace: trace.began, reverse=True)
        shown = [trace for trace in (*fresh, *merged) if wants_trace(query, trace)]
        return TracePage(shown[: query.limit + len(fresh)], page.next)

    async def summaries(self, trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        """Those that are there, in no order."""
        unstored = {id: spans for id, spans in self._by_trace().items() if id in trace_ids}
        stored = await anyio.to_thread.run_sync(self._store.summaries, trace_ids)
        known = {trace.trace_id for trace in stored}
        merged = [_with_running(trace, unstored.get(trace.trace_id, ())) for trace in stored]
        return [*merged, *(summary_of(spans) for id, spans in unstored.items() if id not in known)]

    async def trace(self, trace_id: str) -> Trace | None:
        """The trace, None where nothing is known of it."""
        unstored = self._by_trace().get(trace_id, ())
        stored, lost, summary = await anyio.to_thread.run_sync(self._stored_trace, trace_id)
        found = {span.span_id: span for span in (*unstored, *stored)}
        if not found:
            return None
        for span in unstored:
            self._redaction.apply(span)
        spans = sorted(found.values(), key=lambda span: span.began)
        lines = await self.logs(LogQuery(limit=MOST_LINES + 1, trace_id=trace_id))
        shown = lines[:MOST_LINES]
        summary = _with_running(summary, unstored) if summary is not None and lost else summary_of(spans)
        return Trace(summary, spans, shown[::-1], len(lines) - len(shown), lost)

    async def span(self, trace_id: str, span_id: str | None = None) -> Span | None:
        """A span of a trace, wherever it stands there, by default the first; None where nothing is kept of it."""
        if span_id is None:
            trace = await self.trace(trace_id)
            return trace.spans[0] if trace is not None else None
        unstored = self._unstored.running.get(span_id) or self._unstored.unwritten.get(span_id)
        if unstored is None or unstored.trace_id != trace_id:
            return await anyio.to_thread.run_sync(self._store.span, trace_id, span_id)
        self._redaction.apply(unstored)
        return unstored

    async def logs(self, query: LogQuery) -> Sequence[LogRecord]:
        """Lines, in the order of the query."""
        return await _looked(self._store.logs, query)

    async def clear(self) -> int:
        """Forgets what is stored; returns how many traces there were."""
        return await anyio.to_thread.run_sync(self._store.clear)

    def _stored_trace(self, trace_id: str) -> tuple[Sequence[Span], int, TraceSummary | None]:
        """Spans that are stored, how many more are, and what all of them add up to; in a thread."""
        summary = next(iter(self._store.summaries([trace_id])), None)
        spans = self._store.spans(trace_id, MOST_SPANS, MOST_FAILED)
        return spans, max(summary.spans - len(spans), 0) if summary is not None else 0, summary

    def _by_trace(self) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for span in (*self._unstored.running.values(), *self._unstored.unwritten.values()):
            found.setdefault(span.trace_id, []).append(span)
        return found

    async def _page(self, query: TraceQuery, unstored: Collection[str]) -> tuple[TracePage, frozenset[str]]:
        """What is stored, and which of the others are stored as well.

        Two looks: where something was written in between, what else was written with it would seem not to be stored,
        and stand out of its order. Then it is looked again, a few times at most: a long search may meet each write.
        """
        for _ in range(_MOST_LOOKS):
            known = await self._known(unstored)
            page = await _looked(self._store.traces, query._replace(status=_stored(query.status)))
            if not any(trace.trace_id in unstored and trace.trace_id not in known for trace in page.traces):
                break
        return page, known | {trace.trace_id for trace in page.traces}

    async def _known(self, trace_ids: Collection[str]) -> frozenset[str]:
        """Those of them that are stored, at least in part."""
        if not trace_ids:
            return frozenset()
        stored = await anyio.to_thread.run_sync(self._store.summaries, list(trace_ids))
        return frozenset(trace.trace_id for trace in stored)


async def _looked(look: Callable[[Q, IsLeft], T], query: Q) -> T:
    """What a look through the store finds; one that nobody waits for any more ends, instead of keeping the next ones
    from the processor."""
    left = Event()
    try:
        return await anyio.to_thread.run_sync(look, query, left.is_set, abandon_on_cancel=True)
    finally:
        left.set()


def _stored(status: TraceStatus | None) -> TraceStatus | None:
    """What to ask the store for: it knows of nothing that runs."""
    return None if status is TraceStatus.RUNNING else status


def _with_running(trace: TraceSummary, unstored: Sequence[Span]) -> TraceSummary:
    """The trace with spans that have not ended; those that have may be in it already."""
    spans = [span for span in unstored if not span.ended]
    if not spans:
        return trace
    steps = tuple(dict.fromkeys((*trace.steps, *(span.step for span in spans))))
    return replace(trace, steps=steps, ended=0.0, status=TraceStatus.RUNNING, spans=trace.spans + len(spans))
