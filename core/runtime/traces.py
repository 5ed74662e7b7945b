"""What spans add up to, and which traces and lines a query wants: the same in every store, and for what still runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from runtime.model import (
    Failure,
    LogQuery,
    LogRecord,
    Span,
    TracePage,
    TraceQuery,
    TraceStatus,
    TraceSummary,
    length,
)
from runtime.values import bytes_as_json, decode

ERROR_CHARACTERS = 500
"""Characters of an error that a summary has; of its span there are more."""
_RECORD_BYTES = 1024
"""What a span or line is counted as besides its payloads."""
_MARK_BYTES = 64
"""Room for what says that a text is cut."""


def span_bytes(span: Span) -> int:
    """What a span is counted as where there is a bound of bytes."""
    size = _RECORD_BYTES + length(span.input) + sum(len(each.data) for each in span.operations)
    return size if span.failure is None else size + sum(map(_failure_bytes, _causes(span.failure)))


def line_bytes(record: LogRecord) -> int:
    """The same of a line."""
    return _RECORD_BYTES + len(record.message) + len(record.data)


def brief(message: str) -> str:
    """The message of an error as summaries have it."""
    return message if len(message) <= ERROR_CHARACTERS else f"{message[: ERROR_CHARACTERS - 1]}…"


def kept_failure(failure: Failure, most: int) -> Failure:
    """The failure as it is kept: of each message and stack at most so many bytes, though always as much as a summary
    has, of a longer one its beginning and end; of a longer body nothing."""
    most = max(most, ERROR_CHARACTERS)
    chain = list(_causes(failure))
    if all(len(text) * 4 <= most for each in chain for text in (each.message, each.stack, each.http_body)):
        return failure
    kept: Failure | None = None
    for each in reversed(chain):
        body = each.http_body if len(each.http_body) <= most else b""
        kept = replace(each, message=_cut(each.message, most), stack=_cut(each.stack, most), http_body=body, cause=kept)
    return kept or failure


def _causes(failure: Failure | None) -> Iterator[Failure]:
    while failure is not None:
        yield failure
        failure = failure.cause


def _failure_bytes(failure: Failure) -> int:
    return len(failure.message) + len(failure.type) + len(failure.stack) + len(failure.http_body)


def _cut(text: str, most: int) -> str:
    # A stack names the places that matter at its beginning in one language, at its end in another.
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= most:
        return text
    half = (most - _MARK_BYTES) // 2
    begin, end = raw[:half].decode("utf-8", "ignore"), raw[-half:].decode("utf-8", "ignore")
    return f"{begin}\n… {len(raw) - 2 * half} bytes are not kept …\n{end}"


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
        error=next((brief(span.failure.head) for span in failed if span.failure is not None), ""),
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
    """Where the text of a query is looked for in a line: see `data_text`."""
    return record.source, record.message, data_text(record.data) if record.data else ""


def data_text(data: bytes) -> str:
    """Encoded data as the JSON text that people see of it, such as {"id": 7}; of what is no JSON the bytes."""
    try:
        return _json(decode(data))
    except (ValueError, TypeError, RecursionError):
        return _json(data)


def _bytes_shown(value: object) -> object:
    """What stands for bytes in JSON; of anything else what it says of itself."""
    return bytes_as_json(value) if isinstance(value, bytes) else repr(value)


_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=_bytes_shown).encode


def contains(text: str, places: Iterable[str]) -> bool:
    """Whether one of the places has the text in it, whatever its case; every one has the empty text."""
    return not text or any(text.casefold() in place.casefold() for place in places)
