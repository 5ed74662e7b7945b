"""Wire messages <-> the model: the one place that knows both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from runtime._gen import runner_pb2 as pb
from runtime.ids import new_span_id
from runtime.model import (
    Failure,
    FailureKind,
    Invocation,
    LoadedFile,
    LogLevel,
    LogRecord,
    Manifest,
    Problem,
    TriggerKind,
)
from runtime.values import decode

_MAX_CAUSES = 16
_MAX_TIME_MS = 253_402_300_800_000.0  # the year 10000, where calendars of Python end

_TRIGGER: Mapping[TriggerKind, pb.TriggerKind] = {
    TriggerKind.API: pb.TRIGGER_KIND_API,
    TriggerKind.EVENT: pb.TRIGGER_KIND_EVENT,
    TriggerKind.CRON: pb.TRIGGER_KIND_CRON,
}

_FAILURE_TO_WIRE: Mapping[FailureKind, pb.FailureKind] = {
    kind: cast(pb.FailureKind, pb.FailureKind.Value(f"FAILURE_KIND_{kind.name}")) for kind in FailureKind
}
_FAILURE_FROM_WIRE: Mapping[int, FailureKind] = {number: kind for kind, number in _FAILURE_TO_WIRE.items()}

_LEVEL: Mapping[int, LogLevel] = {
    pb.LOG_LEVEL_DEBUG: LogLevel.DEBUG,
    pb.LOG_LEVEL_INFO: LogLevel.INFO,
    pb.LOG_LEVEL_WARN: LogLevel.WARN,
    pb.LOG_LEVEL_ERROR: LogLevel.ERROR,
}


def write_invoke(target: pb.Invoke, invocation_id: int, invocation: Invocation) -> None:
    """Fills in everything but the payload."""
    step = invocation.step
    target.invocation_id = invocation_id
    target.step_file = step.file
    target.step_name = step.name
    target.trigger = _TRIGGER[invocation.kind]
    target.trace_id = invocation.trace_id
    target.span_id = new_span_id()
    target.attempt = invocation.attempt
    target.deadline_ms = max(1, round(step.timeout * 1000))
    if invocation.source:
        target.trigger_source = invocation.source
    if invocation.cause_id:
        target.idempotency_key = invocation.cause_id


def write_failure(target: pb.Failure, failure: Failure) -> None:
    """Fills in a failure without its causes: a runner needs what to throw, not its history."""
    target.kind = _FAILURE_TO_WIRE[failure.kind]
    target.type = failure.type
    target.message = failure.message
    target.retryable = failure.retryable


def read_failure(source: pb.Failure, depth: int = 0) -> Failure:
    """The failure with its causes, at most sixteen deep."""
    cause = source.cause if source.HasField("cause") and depth < _MAX_CAUSES else None
    return Failure(
        kind=_FAILURE_FROM_WIRE.get(source.kind, FailureKind.HANDLER),
        message=source.message,
        type=source.type,
        stack=source.stack,
        cause=read_failure(cause, depth + 1) if cause is not None else None,
        retryable=source.retryable,
        http_status=source.http_status,
        http_body=source.http_body,
    )


def read_manifest(source: pb.Manifest, language: str) -> Manifest:
    """The manifest with its configs decoded; one that cannot be decoded becomes a problem of its file."""
    problems = [_read_problem(failure) for failure in source.load_failures]
    steps = [_loaded(entry.file, entry.config, entry.has_handler, problems) for entry in source.steps]
    streams = [_loaded(entry.file, entry.config, False, problems) for entry in source.streams]
    return Manifest(
        language=language,
        steps=tuple(entry for entry in steps if entry is not None),
        streams=tuple(entry for entry in streams if entry is not None),
        problems=tuple(problems),
    )


def _loaded(file: str, config: bytes, has_handler: bool, problems: list[Problem]) -> LoadedFile | None:
    try:
        return LoadedFile(file, decode(config), has_handler)
    except ValueError as error:
        problems.append(Problem(file, f"its config cannot be read: {error}"))
        return None


def _read_problem(source: pb.LoadFailure) -> Problem:
    failure = source.failure
    text = f"{failure.type}: {failure.message}" if failure.type else failure.message
    if source.location_file and source.location_file != source.file:
        place = f"{source.location_file}:{source.line}" if source.line else source.location_file
        return Problem(source.file, f"{text} (in {place})", source.fix)
    return Problem(source.file, text, source.fix, source.line, source.column)


def read_log(source: pb.Log, step: str, trace_id: str) -> LogRecord:
    """The line under its step's name and trace."""
    level = _LEVEL.get(source.level, LogLevel.INFO)
    time = source.time_ms / 1000 if 0 <= source.time_ms < _MAX_TIME_MS else 0.0
    return LogRecord(time, level, step, source.message, source.data, trace_id)
