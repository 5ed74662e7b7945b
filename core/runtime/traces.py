"""What spans add up to, and which traces and lines a query wants: the same in every store, and for what still runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runtime.model import LogQuery, LogRecord, Span, TracePage, TraceQuery, TraceStatus, TraceSummary, length

_RECORD_BYTES = 1024
"""What a span or line is counted as besides its payloads."""


def span_bytes(span: Span) -> int:
    """What a span is counted as where there is a bound of bytes."""
    return _RECORD_BYTES + length(span.input) + sum(len(each.data) for each in span.operations)


def line_bytes(record: LogRecord) -> int:
    """The same of a line."""
    return _RECORD_BYTES + len(record.message) + len(record.data)


def summary_of(spans: Sequence[Span]) -> TraceSummary:
    """What the spans of a trace, at least one, add up to; in any order."""
    ordered = sorted(spans, key=lambda span: (span.began, span.span_id))
    first = ordered[0]
    failed = [span for span in ordered if span.status is TraceStatus.FAILED]
    is_running = any(not span.ended for span in ordered)
    status = TraceStatus.RUNNING if is_running else TraceStatus.FAILED if failed else TraceStatus.OK
    return TraceSummary(
        trace_id=first.trace_id,
        name=first.source,
        kind=first.kind,
        step=first.step,
        steps=tuple(dict.fromkeys(span.step for span in ordered)),
        began=first.began,
        ended=0.0 if is_running else max(span.ended for span in ordered),
        status=status,
        spans=len(ordered),
        failed=len(failed),
        http_status=first.http_status,
        repeats=next((span.repeats for span in ordered if span.repeats), ""),
        error=next((span.failure.message for span in failed if span.failure is not None), ""),
    )


def page_of(query: TraceQuery, traces: Iterable[tuple[int, TraceSummary]]) -> TracePage:
    """The first of the traces, given newest first with their places, that a query asks for; takes no more than it
    needs."""
    found: list[tuple[int, TraceSummary]] = []
    for place, summary in traces:
        if wants_trace(query, summary):
            found.append((place, summary))
            if len(found) > query.limit:
                break
    shown = found[: query.limit]
    return TracePage([summary for _, summary in shown], shown[-1][0] if len(found) > len(shown) and shown else 0)


def wants_trace(query: TraceQuery, trace: TraceSummary) -> bool:
    """Whether a trace is one of those that a query asks for, its place apart."""
    return (
        query.status in (None, trace.status)
        and query.kind in (None, trace.kind)
        and (not query.steps or not query.steps.isdisjoint(trace.steps))
        and query.since <= trace.began
        and (not query.until or trace.began < query.until)
        and contains(query.text, (trace.trace_id, trace.name, *trace.steps, trace.error))
    )


def wants_log(query: LogQuery, record: LogRecord) -> bool:
    """Whether a line is one of those that a query asks for, its id apart."""
    return (
        record.level.value >= query.level.value
        and query.source in ("", record.source)
        and query.trace_id in ("", record.trace_id)
        and contains(query.text, searched(record))
    )


def searched(record: LogRecord) -> tuple[str, str, str]:
    """Where the text of a query is looked for in a line.

    Of its data these are the names and texts, as they lie there encoded; numbers are not found.
    """
    return record.source, record.message, record.data.decode("utf-8", "replace").replace("\ufffd", " ")


def contains(text: str, places: Iterable[str]) -> bool:
    """Whether one of the places has the text in it, whatever its case; every one has the empty text."""
    return not text or any(text.casefold() in place.casefold() for place in places)
