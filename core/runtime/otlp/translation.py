"""Spans and log lines of the runtime -> those of the OpenTelemetry SDK, under the names of its semantic conventions.

What handlers were given and have written stays here: names, sizes, times and errors are told, payloads are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry._logs import LogRecord as SdkRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from runtime import __version__
from runtime.model import Failure, LogLevel, LogRecord, Operation, Span, TraceStatus, TriggerKind
from runtime.values import decode

Attributes = dict[str, str | int | float | bool]

SCOPE = InstrumentationScope("runtime", __version__)
_MAX_ENTRIES = 64
"""Entries of a line's data that are attributes of their own."""
_DELIVERED = frozenset((TriggerKind.EVENT, TriggerKind.STATE, TriggerKind.STREAM))
_SEVERITY: Mapping[LogLevel, SeverityNumber] = {
    LogLevel.DEBUG: SeverityNumber.DEBUG,
    LogLevel.INFO: SeverityNumber.INFO,
    LogLevel.WARN: SeverityNumber.WARN,
    LogLevel.ERROR: SeverityNumber.ERROR,
}
_LARGEST = 2**63


def resource_of(attributes: Mapping[str, str], mode: str) -> Resource:
    """Who sends: what the variables say of it, and what it is."""
    own = {
        "deployment.environment.name": mode,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.distro.name": "runtime",
        "telemetry.distro.version": __version__,
    }
    return Resource({**own, **attributes})


# ---------------------------------------------------------------- spans


def sdk_span(span: Span, resource: Resource) -> ReadableSpan:
    """A span that has ended; its operations are events of it."""
    return ReadableSpan(
        _name(span),
        context=_context(span.trace_id, span.span_id),
        parent=_context(span.trace_id, span.parent_id, is_remote=True) if span.parent_id else None,
        resource=resource,
        attributes=_attributes(span),
        events=list(_events(span)),
        kind=_kind(span.kind),
        status=_status(span),
        start_time=_nanoseconds(span.began),
        end_time=_nanoseconds(span.ended),
        instrumentation_scope=SCOPE,
    )


def _context(trace_id: str, span_id: str, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id or "0", 16), is_remote, TraceFlags(TraceFlags.SAMPLED))


def _name(span: Span) -> str:
    return f"process {span.source}" if span.kind in _DELIVERED else span.source


def _kind(kind: TriggerKind) -> SpanKind:
    if kind is TriggerKind.API:
        return SpanKind.SERVER
    return SpanKind.CONSUMER if kind in _DELIVERED else SpanKind.INTERNAL


def _status(span: Span) -> Status:
    if span.status is not TraceStatus.FAILED:
        return Status(StatusCode.UNSET)
    return Status(StatusCode.ERROR, span.failure.message if span.failure is not None else None)


def _attributes(span: Span) -> Attributes:
    found: Attributes = {
        "runtime.step": span.step,
        "runtime.language": span.language,
        "runtime.trigger": span.kind.value,
        "runtime.attempt": span.attempt,
        "code.file.path": span.file,
        **(_of_request(span) if span.kind is TriggerKind.API else _of_delivery(span)),
    }
    if span.started:
        found["runtime.runner.wait"] = span.started - span.began
    if span.status is TraceStatus.FAILED:
        found["error.type"] = _error_type(span)
    told = {
        "runtime.repeats": span.repeats,
        "runtime.then": span.then.value,
        "runtime.operations.lost": span.lost_operations,
    }
    found |= {name: value for name, value in told.items() if value}
    return found


def _of_request(span: Span) -> Attributes:
    method, _, route = span.source.partition(" ")
    found: Attributes = {"http.request.method": method, "http.route": route, "http.request.body.size": span.input_size}
    if span.http_status:
        found["http.response.status_code"] = span.http_status
    return found


def _of_delivery(span: Span) -> Attributes:
    return {
        "messaging.system": "runtime",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": span.queue or span.source,
        "messaging.consumer.group.name": span.step,
        "messaging.message.id": span.cause_id,
        "messaging.message.body.size": span.input_size,
        "runtime.queue.wait": span.queued,
    }


def _error_type(span: Span) -> str:
    if span.failure is None:
        return str(span.http_status)
    return span.failure.type or span.failure.kind.value


def _events(span: Span) -> Iterator[Event]:
    for operation in span.operations:
        yield Event(operation.name, _of_operation(operation), _nanoseconds(operation.began))
    if span.failure is not None:
        yield Event("exception", _of_failure(span.failure), _nanoseconds(span.ended))


def _of_operation(operation: Operation) -> Attributes:
    names = {
        "messaging.destination.name" if operation.event_id else "runtime.target": operation.target,
        "messaging.message.id": operation.event_id,
        "runtime.group": operation.group,
        "runtime.key": operation.key,
        "error.message": operation.error,
    }
    found: Attributes = {name: value for name, value in names.items() if value}
    return {**found, "runtime.seconds": operation.seconds, "runtime.bytes": operation.size}


def _of_failure(failure: Failure) -> Attributes:
    return {
        "exception.type": failure.type or failure.kind.value,
        "exception.message": failure.message,
        "exception.stacktrace": "\n".join(_stacks(failure)),
        "runtime.failure": failure.kind.value,
    }


def _stacks(failure: Failure) -> Iterator[str]:
    """The stack, and those of its causes."""
    cause: Failure | None = failure
    while cause is not None:
        yield f"{cause.type or cause.kind.value}: {cause.message}"
        if cause.stack:
            yield cause.stack
        cause = cause.cause
        if cause is not None:
            yield "caused by"


# ---------------------------------------------------------------- lines


def sdk_record(line: LogRecord, resource: Resource) -> ReadableLogRecord:
    """A line, with the entries of its data as attributes."""
    known = SdkRecord(
        timestamp=_nanoseconds(line.time),
        context=set_span_in_context(NonRecordingSpan(_context(line.trace_id or "0", line.span_id))),
        severity_text=line.level.name,
        severity_number=_SEVERITY[line.level],
        body=line.message,
        attributes={**_of_data(line.data), "runtime.source": line.source},
    )
    return ReadableLogRecord(known, resource, SCOPE)


def _of_data(data: bytes) -> Attributes:
    if not data:
        return {}
    try:
        value = decode(data)
    except ValueError:  # a line is told in any case
        return {"data": data.hex()}
    entries = value.items() if isinstance(value, dict) else (("data", value),)
    return {str(name): _plain(item) for name, item in list(entries)[:_MAX_ENTRIES]}


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, str | bool | float) or (isinstance(value, int) and -_LARGEST <= value < _LARGEST):
        return value
    return json.dumps(value, default=repr, ensure_ascii=False)


def _nanoseconds(moment: float) -> int:
    return int(moment * 1_000_000) * 1000
