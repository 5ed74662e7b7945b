"""Wire messages <-> the model: the one place that knows both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, cast

from runtime._gen import runner_pb2 as pb
from runtime.ids import new_span_id
from runtime.jsonschemas.drafts import to_2020_12
from runtime.model import (
    Failure,
    FailureKind,
    Hook,
    Invocation,
    JsonSchema,
    LoadedFile,
    LogLevel,
    LogRecord,
    Manifest,
    Problem,
    Severity,
    TriggerKind,
)
from runtime.values import decode

_STATUS = re.compile(r"/responseSchema/[^/]+$")
"""The place of what one status is answered with."""
_MAX_CAUSES = 16
_MAX_TIME_MS = 253_402_300_800_000.0  # the year 10000, where calendars of Python end

_TRIGGER: Mapping[TriggerKind, pb.TriggerKind] = {
    kind: cast(pb.TriggerKind, pb.TriggerKind.Value(f"TRIGGER_KIND_{kind.name}")) for kind in TriggerKind
}
_HOOK: Mapping[int, Hook] = {pb.Hook.Value(f"HOOK_{hook.name}"): hook for hook in Hook}

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
    target.span_id = invocation.span.span_id if invocation.span is not None else new_span_id()
    target.attempt = invocation.attempt
    target.deadline_ms = max(1, round(step.timeout * 1000))
    if invocation.trigger_index:
        target.trigger_index = invocation.trigger_index
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
    """The manifest with its configs and schemas decoded; what cannot be decoded becomes a problem of its file.

    A file without a readable config is left out, a schema that is none leaves its file without.
    """
    problems = [_read_problem(failure) for failure in source.load_failures]
    steps = [_loaded(entry, entry.has_handler, problems) for entry in source.steps]
    streams = [_loaded(entry, False, problems, read_hooks(entry.hooks)) for entry in source.streams]
    return Manifest(
        language=language,
        steps=tuple(entry for entry in steps if entry is not None),
        streams=tuple(entry for entry in streams if entry is not None),
        problems=tuple(problems),
    )


def read_hooks(numbers: Iterable[int]) -> frozenset[Hook]:
    """The hooks of these numbers; one that this core does not know is left out."""
    return frozenset(_HOOK[number] for number in numbers if number in _HOOK)


def _loaded(
    entry: pb.StepEntry | pb.StreamEntry,
    has_handler: bool,
    problems: list[Problem],
    hooks: frozenset[Hook] = frozenset(),
) -> LoadedFile | None:
    try:
        config = decode(entry.config)
    except ValueError as error:
        problems.append(Problem(entry.file, f"its config cannot be read: {error}"))
        return None
    imports = tuple(entry.imports) if isinstance(entry, pb.StepEntry) else ()
    return LoadedFile(entry.file, config, has_handler, _read_schemas(entry, problems), hooks, imports)


def _read_schemas(entry: pb.StepEntry | pb.StreamEntry, problems: list[Problem]) -> dict[str, JsonSchema]:
    schemas: dict[str, JsonSchema] = {}
    for pointer, text in entry.schemas.items():
        try:
            schemas[pointer] = to_2020_12(json.loads(text, parse_constant=_no_number))
        except (ValueError, RecursionError) as error:
            if _STATUS.search(pointer):
                schemas[pointer] = True  # the status is answered all the same, with anything
            message = f"the schema at '{pointer}' of its config is left out: {error}"
            fix = "write it so that it can be said in JSON Schema; without it nothing is checked there"
            problems.append(Problem(entry.file, message, fix, severity=Severity.WARNING))
    return schemas


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _read_problem(source: pb.LoadFailure) -> Problem:
    failure = source.failure
    text = f"{failure.type}: {failure.message}" if failure.type else failure.message
    if source.location_file and source.location_file != source.file:
        place = f"{source.location_file}:{source.line}" if source.line else source.location_file
        message = f"{text} (in {place})"
        return Problem(source.file, message, source.fix, source.line, source.column, place=source.location_file)
    return Problem(source.file, text, source.fix, source.line, source.column)


def read_log(source: pb.Log, step: str, trace_id: str, span_id: str) -> LogRecord:
    """The line under its step's name, trace and span."""
    level = _LEVEL.get(source.level, LogLevel.INFO)
    time = source.time_ms / 1000 if 0 <= source.time_ms < _MAX_TIME_MS else 0.0
    return LogRecord(time, level, step, source.message, source.data, trace_id, span_id)
