"""The documents that control routes answer with, as JSON Schemas: what documents.py and its like make."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model import TriggerKind
from runtime.web.control.operations import (
    COUNT,
    FLAG,
    JSON_SCHEMA,
    MOMENT,
    NUMBER,
    TEXT,
    VALUE,
    WHOLE,
    Schema,
    component,
    extended,
    many,
    nullable,
    shape,
    words,
)

KIND = words(*(kind.value for kind in TriggerKind))
STATUS = words("running", "ok", "failed")
LEVEL = words("debug", "info", "warn", "error")
ORDER = words("newest", "oldest")
_QUEUE_ADDRESS = {"topic": TEXT, "step": TEXT, "kind": KIND}
QUEUE_ADDRESS = shape(_QUEUE_ADDRESS)

_POLICY = shape(
    {
        "type": words("fifo", "standard"),
        "concurrency": COUNT,
        "maxRetries": COUNT,
        "delaySeconds": NUMBER,
        "backoff": shape({"delay": NUMBER, "factor": NUMBER, "max": NUMBER, "jitter": NUMBER}),
    }
)
QUEUE = shape(
    {
        **_QUEUE_ADDRESS,
        "waiting": COUNT,
        "delayed": COUNT,
        "inFlight": COUNT,
        "dead": COUNT,
        "oldest": nullable(MOMENT),
        "age": nullable(NUMBER),
        "paused": FLAG,
        "orphan": FLAG,
        "policy": nullable(_POLICY),
    }
)
_HELD = shape(
    {
        "id": WHOLE,
        "eventId": TEXT,
        "traceId": TEXT,
        "created": MOMENT,
        "messageGroupId": nullable(TEXT),
        "priority": WHOLE,
        "data": VALUE,
        "attempts": many(component("Attempt")),
    }
)
_SUMMARY = shape(
    {
        "traceId": TEXT,
        "name": TEXT,
        "kind": KIND,
        "step": TEXT,
        "steps": many(TEXT),
        "began": MOMENT,
        "seconds": nullable(NUMBER),
        "status": STATUS,
        "spans": COUNT,
        "failed": COUNT,
        "httpStatus": nullable(WHOLE),
        "repeats": nullable(TEXT),
        "error": nullable(TEXT),
    }
)
_OPERATION = shape(
    {
        "offset": NUMBER,
        "name": TEXT,
        "target": TEXT,
        "group": TEXT,
        "key": TEXT,
        "eventId": nullable(TEXT),
        "data": VALUE,
        "isCut": FLAG,
        "bytes": COUNT,
        "seconds": NUMBER,
        "error": nullable(TEXT),
    }
)
_SPAN = shape(
    {
        "spanId": TEXT,
        "parentId": nullable(TEXT),
        "step": TEXT,
        "language": TEXT,
        "file": TEXT,
        "kind": KIND,
        "source": TEXT,
        "attempt": COUNT,
        "offset": NUMBER,
        "queued": NUMBER,
        "waited": nullable(NUMBER),
        "seconds": nullable(NUMBER),
        "status": STATUS,
        "httpStatus": nullable(WHOLE),
        "causeId": nullable(TEXT),
        "input": VALUE,
        "inputIsCut": FLAG,
        "inputBytes": COUNT,
        "failure": nullable(component("Failure")),
        "then": nullable(words("retry", "dead")),
        "deadLetter": nullable(shape({**_QUEUE_ADDRESS, "id": WHOLE})),
        "operations": many(component("Operation")),
        "lostOperations": COUNT,
        "isRepeatable": FLAG,
    }
)
_LOG = shape(
    {
        "id": COUNT,
        "time": MOMENT,
        "level": LEVEL,
        "source": TEXT,
        "message": TEXT,
        "data": VALUE,
        "traceId": nullable(TEXT),
        "spanId": nullable(TEXT),
    }
)
_EMIT = shape({"topic": TEXT, "label": TEXT, "conditional": FLAG, "schema": JSON_SCHEMA})
_PARAMETER = shape({"name": TEXT, "description": TEXT, "required": FLAG})
_CHANGE = words("create", "update", "delete")
_TRIGGER: Schema = {
    "oneOf": [
        shape(
            {
                "kind": words("api"),
                "method": TEXT,
                "path": TEXT,
                "bodySchema": JSON_SCHEMA,
                "querySchema": JSON_SCHEMA,
                "pathSchema": JSON_SCHEMA,
                "queryParams": many(_PARAMETER),
            }
        ),
        shape({"kind": words("event"), "topic": TEXT, "inputSchema": JSON_SCHEMA}),
        shape({"kind": words("cron"), "expression": TEXT, "timezone": TEXT}),
        shape({"kind": words("state"), "group": TEXT, "key": nullable(TEXT), "on": many(_CHANGE)}),
        shape(
            {
                "kind": words("stream"),
                "stream": TEXT,
                "group": nullable(TEXT),
                "id": nullable(TEXT),
                "on": many(_CHANGE),
            }
        ),
    ]
}
_STEP = shape(
    {
        "name": TEXT,
        "type": TEXT,
        "language": TEXT,
        "file": TEXT,
        "description": TEXT,
        "flows": many(TEXT),
        "triggers": many(_TRIGGER),
        "emits": many(_EMIT),
        "virtualEmits": many(_EMIT),
        "virtualSubscribes": many(_EMIT),
        "node": nullable(TEXT),
        "timeout": NUMBER,
        "atomic": FLAG,
    }
)
_PROBLEM = shape(
    {
        "file": TEXT,
        "message": TEXT,
        "fix": TEXT,
        "line": nullable(WHOLE),
        "column": nullable(WHOLE),
        "severity": words("error", "warning"),
        "place": TEXT,
        "isHeld": FLAG,
    }
)
_RUNNER = shape(
    {
        "language": TEXT,
        "process": COUNT,
        "pid": nullable(WHOLE),
        "state": TEXT,
        "generation": COUNT,
        "inFlight": COUNT,
        "memoryBytes": nullable(COUNT),
        "cpu": nullable(NUMBER),
        "restarts": COUNT,
        "since": MOMENT,
    }
)
_SCHEDULE = {"step": TEXT, "expression": TEXT, "timezone": TEXT, "next": nullable(MOMENT), "last": nullable(MOMENT)}
_FAILURE = {
    "kind": TEXT,
    "type": TEXT,
    "message": TEXT,
    "stack": TEXT,
    "frames": many(shape({"file": TEXT, "line": COUNT, "column": COUNT, "function": TEXT})),
    "cause": nullable(component("Failure")),
}

COMPONENTS: Mapping[str, Schema] = {
    "Queue": QUEUE,
    "QueueContents": extended(
        QUEUE, {"events": many(component("WaitingEvent")), "deadLetters": many(component("DeadLetter"))}
    ),
    "WaitingEvent": extended(_HELD, {"attempt": COUNT, "taken": nullable(MOMENT)}),
    "DeadLetter": extended(_HELD, {"buried": MOMENT}),
    "Attempt": shape({"number": COUNT, "began": MOMENT, "ended": MOMENT, "failure": component("Failure")}),
    "Failure": shape(_FAILURE),
    "Schedule": shape(_SCHEDULE),
    "TraceSummary": _SUMMARY,
    "Trace": extended(
        _SUMMARY,
        {"spanList": many(component("Span")), "logs": many(component("Log")), "lostLogs": COUNT, "lostSpans": COUNT},
    ),
    "Span": _SPAN,
    "Operation": _OPERATION,
    "Log": _LOG,
    "Step": _STEP,
    "Stream": shape({"name": TEXT, "language": TEXT, "file": TEXT, "schema": JSON_SCHEMA, "isGuarded": FLAG}),
    "Problem": _PROBLEM,
    "Runner": _RUNNER,
    "Refusal": {
        "type": "object",
        "description": "A problem by RFC 9457; further members say more.",
        "properties": {"type": TEXT, "title": TEXT, "status": WHOLE, "detail": TEXT},
        "required": ["title", "status"],
    },
}
