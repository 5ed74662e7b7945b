"""Spans and log lines in memory: the smallest trace store, forgotten with the process."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from math import inf

from runtime.contracts import IsLeft
from runtime.model import LogQuery, LogRecord, Retention, Span, TracePage, TraceQuery, TraceStatus, TraceSummary
from runtime.traces import line_bytes, page_of, span_bytes, summary_of, wants_log


class _Trace:
    """The spans of a trace; `place` grows from trace to trace."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.spans: list[Span] = []
        self.began = inf
        self.size = 0
        self.summary: TraceSummary | None = None


class MemoryTraceStore:
    """Keeps everything until it is pruned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._logs: deque[LogRecord] = deque()
        self._bytes = 0
        self._places = 0
        self._log_ids = 0

    @property
    def warning(self) -> str:
        """Nothing is found."""
        return ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """There is nothing to open."""
        yield

    def write(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """Keeps them."""
        with self._lock:
            for span in spans:
                self._add(span)
            stored = [replace(record, id=self._log_ids + number) for number, record in enumerate(logs, 1)]
            self._log_ids += len(stored)
            self._logs.extend(stored)
            self._bytes += sum(map(line_bytes, stored))
            return stored

    def traces(self, query: TraceQuery, is_left: IsLeft | None = None) -> TracePage:
        """Looks at one trace after the other."""
        with self._lock:
            newest = reversed(self._traces.values())
            asked = (trace for trace in newest if not query.before or trace.place < query.before)
            return page_of(query, ((trace.place, self._summary(trace)) for trace in asked))

    def summaries(self, trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        """Those that are there."""
        with self._lock:
            return [self._summary(self._traces[id]) for id in trace_ids if id in self._traces]

    def spans(self, trace_id: str, limit: int, failed: int = 0) -> Sequence[Span]:
        """Those of the trace."""
        with self._lock:
            trace = self._traces.get(trace_id)
            spans = sorted(trace.spans, key=lambda span: (span.began, span.span_id)) if trace is not None else []
        behind = (span for span in spans[limit:] if span.status is TraceStatus.FAILED)
        return [*spans[:limit], *islice(behind, failed)]

    def span(self, trace_id: str, span_id: str) -> Span | None:
        """Looks at one span of the trace after the other."""
        with self._lock:
            trace = self._traces.get(trace_id)
            return next((each for each in trace.spans if each.span_id == span_id), None) if trace is not None else None

    def logs(self, query: LogQuery, is_left: IsLeft | None = None) -> Sequence[LogRecord]:
        """Looks at one line after the other."""
        with self._lock:
            lines = list(self._logs)
        first = next((each.id for each in lines if each.time >= query.since), None)
        if first is None:
            return []
        after, before = max(query.after, first - 1), query.before or lines[-1].id + 1
        ordered = lines if query.oldest_first else reversed(lines)
        asked = (each for each in ordered if after < each.id < before and wants_log(query, each))
        return list(islice(asked, query.limit))

    def clear(self) -> int:
        """Forgets everything, but for the ids that were given."""
        with self._lock:
            count = len(self._traces)
            self._traces.clear()
            self._logs.clear()
            self._bytes = 0
            return count

    def prune(self, retention: Retention, now: float) -> None:
        """Takes away the oldest of both until the bounds hold."""
        oldest = now - retention.age
        with self._lock:
            for id in [id for id, trace in self._traces.items() if trace.began < oldest]:
                self._remove_trace(id)
            while len(self._traces) > retention.traces:
                self._remove_trace(next(iter(self._traces)))
            while self._logs and (len(self._logs) > retention.logs or self._logs[0].time < oldest):
                self._remove_line()
            while self._bytes > retention.bytes and (self._traces or self._logs):
                first = next(iter(self._traces), None)
                if first is not None and (not self._logs or self._traces[first].began < self._logs[0].time):
                    self._remove_trace(first)
                else:
                    self._remove_line()

    def _remove_trace(self, id: str) -> None:
        self._bytes -= self._traces.pop(id).size

    def _remove_line(self) -> None:
        self._bytes -= line_bytes(self._logs.popleft())

    def _add(self, span: Span) -> None:
        trace = self._traces.get(span.trace_id)
        if trace is None:
            self._places += 1
            trace = self._traces[span.trace_id] = _Trace(self._places)
        trace.spans.append(span)
        trace.began = min(trace.began, span.began)
        size = span_bytes(span)
        trace.size += size
        self._bytes += size
        trace.summary = None

    def _summary(self, trace: _Trace) -> TraceSummary:
        if trace.summary is None:
            trace.summary = summary_of(trace.spans)
        return trace.summary
