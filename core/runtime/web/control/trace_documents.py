"""Traces, spans and lines as JSON documents; durations in seconds."""

from __future__ import annotations

from typing import Any

from runtime.model import LogRecord, Operation, Span, Then, TraceStatus, TraceSummary, TriggerKind, whole
from runtime.services.history import Trace
from runtime.values import decode
from runtime.web.control.documents import failure_document, moment
from runtime.web.control.values import to_json


def summary_document(trace: TraceSummary) -> dict[str, Any]:
    """A trace in a list."""
    return {
        "traceId": trace.trace_id,
        "name": trace.name,
        "kind": trace.kind.value,
        "step": trace.step,
        "steps": list(trace.steps),
        "began": moment(trace.began),
        "seconds": round(trace.ended - trace.began, 6) if trace.ended else None,
        "status": trace.status.value,
        "spans": trace.spans,
        "failed": trace.failed,
        "httpStatus": trace.http_status or None,
        "repeats": trace.repeats or None,
        "error": trace.error or None,
    }


def trace_document(trace: Trace) -> dict[str, Any]:
    """A trace with all that is kept of it."""
    began = trace.summary.began
    return {
        **summary_document(trace.summary),
        "spanList": [span_document(span, began) for span in trace.spans],
        "logs": [log_document(record) for record in trace.logs],
        "lostLogs": trace.lost_logs,
        "lostSpans": trace.lost_spans,
    }


def span_document(span: Span, began: float) -> dict[str, Any]:
    """A span of a trace that began at a Unix time."""
    kept = whole(span.input)
    return {
        "spanId": span.span_id,
        "parentId": span.parent_id or None,
        "step": span.step,
        "language": span.language,
        "file": span.file,
        "kind": span.kind.value,
        "source": span.source,
        "attempt": span.attempt,
        "offset": round(span.began - began, 6),
        "queued": round(span.queued, 6),
        "waited": round(span.started - span.began, 6) if span.started else None,
        "seconds": round(span.ended - span.began, 6) if span.ended else None,
        "status": span.status.value,
        "httpStatus": span.http_status or None,
        "causeId": span.cause_id or None,
        "input": input_document(span.kind, kept) if kept else None,
        "inputIsCut": len(kept) < span.input_size,
        "inputBytes": span.input_size,
        "failure": failure_document(span.failure) if span.failure is not None else None,
        "then": span.then.value or None,
        "deadLetter": _letter(span),
        "operations": [_operation(operation, began) for operation in span.operations],
        "lostOperations": span.lost_operations,
        "isRepeatable": span.status is not TraceStatus.RUNNING and len(kept) == span.input_size,
    }


def input_document(kind: TriggerKind, data: bytes) -> Any:
    """What a handler got; of a request its method, path, query, headers and body."""
    if kind is not TriggerKind.API:
        return to_json(data)
    request = decode(data)
    return {
        "method": request["method"],
        "path": request["path"],
        "pathParams": request["pathParams"],
        "query": request["queryParams"],
        "headers": request["headers"],
        "body": _body(request),
    }


def _body(request: dict[str, Any]) -> Any:
    """The text of a body that is one, else its bytes."""
    body: bytes = request.get("body") or b""
    if not body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"$bytes": to_json(b"\xc6" + len(body).to_bytes(4, "big") + body)["$bytes"]}


def log_document(record: LogRecord) -> dict[str, Any]:
    """A line."""
    return {
        "id": record.id,
        "time": moment(record.time),
        "level": record.level.name.lower(),
        "source": record.source,
        "message": record.message,
        "data": to_json(record.data) if record.data else None,
        "traceId": record.trace_id or None,
        "spanId": record.span_id or None,
    }


def _letter(span: Span) -> dict[str, Any] | None:
    """Where its dead letter is, if it was not redriven since."""
    if span.then is not Then.DEAD:
        return None
    return {"topic": span.queue, "step": span.step, "kind": span.kind.value, "id": span.delivery}


def _operation(operation: Operation, began: float) -> dict[str, Any]:
    return {
        "offset": round(operation.began - began, 6),
        "name": operation.name,
        "target": operation.target,
        "group": operation.group,
        "key": operation.key,
        "eventId": operation.event_id or None,
        "data": to_json(operation.data) if operation.data else None,
        "isCut": len(operation.data) < operation.size,
        "bytes": operation.size,
        "seconds": round(operation.seconds, 6),
        "error": operation.error or None,
    }
