"""What the control routes answer with: queues, events, dead letters and schedules as JSON documents."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Protocol

from runtime.model import Failure, QueuePolicy
from runtime.records import Attempt, DeadLetter, Delivery, QueueKey
from runtime.services.queues import QueueContents, QueueView
from runtime.web.control.values import to_json

# As runners write them: `at fn (steps/a.step.ts:3:5)`, `at steps/a.step.ts:3:5`, `File "a_step.py", line 3, in fn`.
_NODE_FRAME = re.compile(
    r"^\s*at (?:(?P<function>[^(\n]+) \()?(?P<file>[^()\n]+?):(?P<line>\d{1,9}):(?P<column>\d{1,9})\)?$"
)
_INNERMOST_LAST = "Traceback "
"""How the stacks of Python begin."""
_PYTHON_FRAME = re.compile(r'^\s*File "(?P<file>[^"\n]+)", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?$')


class Schedule(Protocol):
    """A schedule of the project; `next` and `last` are Unix times in seconds, None when there is none."""

    @property
    def step(self) -> str: ...
    @property
    def expression(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def next(self) -> float | None: ...
    @property
    def last(self) -> float | None: ...


def schedule_document(schedule: Schedule) -> dict[str, Any]:
    """A schedule with the times of its next and last tick."""
    return {
        "step": schedule.step,
        "expression": schedule.expression,
        "timezone": schedule.timezone,
        "next": moment(schedule.next),
        "last": moment(schedule.last),
    }


def key_document(key: QueueKey) -> dict[str, Any]:
    """What tells a queue from every other."""
    return {"topic": key.topic, "step": key.step, "kind": key.kind.value}


def queue_document(view: QueueView) -> dict[str, Any]:
    """A queue with its counts; `age` in seconds."""
    status = view.status
    return {
        **key_document(status.queue),
        "waiting": status.waiting,
        "delayed": status.delayed,
        "inFlight": status.in_flight,
        "dead": status.dead,
        "oldest": moment(status.oldest),
        "age": None if view.age is None else round(view.age, 3),
        "paused": status.paused,
        "orphan": view.orphan,
        "policy": _policy(view.policy) if view.policy else None,
    }


def contents_document(contents: QueueContents) -> dict[str, Any]:
    """A queue with its oldest events and dead letters."""
    return {
        **queue_document(contents.view),
        "events": [_waiting(delivery) for delivery in contents.waiting],
        "deadLetters": [_dead(letter) for letter in contents.dead],
    }


def _policy(policy: QueuePolicy) -> dict[str, Any]:
    """The policy in the words of step files."""
    return {
        "type": "fifo" if policy.fifo else "standard",
        "concurrency": policy.concurrency,
        "maxRetries": policy.max_retries,
        "delaySeconds": policy.delay,
        "backoff": {
            "delay": policy.backoff_delay,
            "factor": policy.backoff_factor,
            "max": policy.backoff_max,
            "jitter": policy.backoff_jitter,
        },
    }


def _waiting(delivery: Delivery) -> dict[str, Any]:
    return {
        **_common(delivery),
        "attempt": delivery.attempt,
        "taken": moment(delivery.taken or None),
        "attempts": [_attempt(attempt) for attempt in delivery.failed],
    }


def _dead(letter: DeadLetter) -> dict[str, Any]:
    attempts = [_attempt(attempt) for attempt in letter.attempts]
    return {**_common(letter), "buried": moment(letter.buried), "attempts": attempts}


def _common(held: Delivery | DeadLetter) -> dict[str, Any]:
    return {
        "id": held.id,
        "eventId": held.event.id,
        "traceId": held.event.trace_id,
        "created": moment(held.event.created),
        "messageGroupId": held.group or None,
        "priority": held.priority,
        "data": to_json(held.event.data),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "began": moment(attempt.began),
        "ended": moment(attempt.ended),
        "failure": failure_document(attempt.failure),
    }


def failure_document(failure: Failure) -> dict[str, Any]:
    """What went wrong, with what led to it."""
    return {
        "kind": failure.kind.value,
        "type": failure.type,
        "message": failure.message,
        "stack": failure.stack,
        "frames": frames(failure.stack),
        "cause": failure_document(failure.cause) if failure.cause else None,
    }


def frames(stack: str) -> list[dict[str, Any]]:
    """The places that a stack names, innermost first whatever the language; columns count from 1, 0 is unknown."""
    found = [each for line in stack.splitlines() if (each := _frame(line))]
    return found[::-1] if stack.startswith(_INNERMOST_LAST) else found


def _frame(line: str) -> dict[str, Any] | None:
    found = _NODE_FRAME.match(line) or _PYTHON_FRAME.match(line)
    if found is None:
        return None
    parts = found.groupdict()
    return {
        "file": parts["file"],
        "line": int(parts["line"]),
        "column": int(parts.get("column") or 0),
        "function": parts["function"] or "",
    }


def moment(time: float | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
