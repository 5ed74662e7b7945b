"""runners/convert: wire <-> model."""

from __future__ import annotations

import dataclasses

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.model import Failure, FailureKind, Hook, Invocation, LogLevel, Severity, Step, TriggerKind
from runtime.runners.convert import read_failure, read_hooks, read_log, read_manifest, write_failure, write_invoke
from runtime.values import encode

STEP = Step("Create", "node", "steps/a.step.ts", "api", timeout=1.5)
INVOCATION = Invocation(STEP, TriggerKind.API, b"\x01", "f" * 32)


def invoke(**changes: object) -> pb.Invoke:
    target = pb.Invoke()
    write_invoke(target, 7, INVOCATION._replace(**changes))  # type: ignore[arg-type]
    return target


def test_an_invocation() -> None:
    written = invoke(attempt=3, source="t", cause_id="e1")
    assert (written.invocation_id, written.step_file, written.step_name) == (7, "steps/a.step.ts", "Create")
    assert (written.trace_id, written.attempt, written.deadline_ms) == ("f" * 32, 3, 1500)
    assert (written.trigger_source, written.idempotency_key, written.trigger_index) == ("t", "e1", 0)
    assert (written.payload, written.payload_transfer, written.atomic) == (b"", 0, False)


def test_the_trigger_that_fired_is_told() -> None:
    assert invoke(trigger_index=3).trigger_index == 3


def test_every_run_has_a_span_of_its_own() -> None:
    spans = {invoke().span_id for _ in range(50)}
    assert len(spans) == 50
    assert all(len(span) == 16 for span in spans)


@pytest.mark.parametrize("kind", TriggerKind)
def test_every_kind_of_trigger_has_its_number(kind: TriggerKind) -> None:
    assert pb.TriggerKind.Name(invoke(kind=kind).trigger) == f"TRIGGER_KIND_{kind.name}"


def test_a_deadline_below_a_millisecond_is_not_never() -> None:
    assert invoke(step=dataclasses.replace(STEP, timeout=0.0004)).deadline_ms > 0


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_goes_both_ways(kind: FailureKind) -> None:
    target = pb.Failure()
    write_failure(target, Failure(kind, "m", "T", retryable=False))
    assert pb.FailureKind.Name(target.kind) == f"FAILURE_KIND_{kind.name}"
    assert read_failure(target) == Failure(kind, "m", "T", retryable=False)


def test_a_failure_is_read_whole() -> None:
    source = pb.Failure(
        kind=pb.FAILURE_KIND_NON_RETRIABLE,
        type="HttpError",
        message="m",
        stack="at a",
        retryable=False,
        http_status=409,
        http_body=b"\x01",
    )
    assert read_failure(source) == Failure(
        FailureKind.NON_RETRIABLE, "m", "HttpError", "at a", None, retryable=False, http_status=409, http_body=b"\x01"
    )


@pytest.mark.parametrize("number", [0, 99])
def test_a_kind_that_is_not_known_is_the_handler_s(number: int) -> None:
    source = pb.Failure.FromString(b"\x08" + bytes([number]))
    assert read_failure(source).kind is FailureKind.HANDLER


def test_causes_are_kept_and_bounded() -> None:
    source = pb.Failure(message="0")
    inner = source
    for number in range(1, 60):
        inner = inner.cause
        inner.message = str(number)
    messages: list[str] = []
    cause: Failure | None = read_failure(source)
    while cause is not None:
        messages.append(cause.message)
        cause = cause.cause
    assert messages == [str(number) for number in range(17)]


def test_a_manifest() -> None:
    source = pb.Manifest(
        steps=[pb.StepEntry(file="a", config=encode({"type": "api"}), has_handler=True)],
        streams=[pb.StreamEntry(file="b", config=encode({"name": "b"}))],
    )
    manifest = read_manifest(source, "node")
    assert manifest.language == "node"
    assert [(entry.file, entry.config, entry.has_handler) for entry in manifest.steps] == [("a", {"type": "api"}, True)]
    assert [(entry.file, entry.config) for entry in manifest.streams] == [("b", {"name": "b"})]
    assert manifest.problems == ()


def test_a_stream_has_its_hooks_and_none_that_are_not_known() -> None:
    numbers = [pb.HOOK_CAN_ACCESS, pb.HOOK_ON_JOIN, pb.HOOK_CONFIG, 99]
    source = pb.Manifest(streams=[pb.StreamEntry(file="b", config=encode({"name": "b"}), hooks=numbers)])  # type: ignore[arg-type]
    [stream] = read_manifest(source, "node").streams
    assert stream.hooks == {Hook.CAN_ACCESS, Hook.ON_JOIN}


@pytest.mark.parametrize("hook", Hook)
def test_every_hook_has_its_number(hook: Hook) -> None:
    assert read_hooks([pb.Hook.Value(f"HOOK_{hook.name}")]) == {hook}


def test_schemas_are_decoded_and_brought_up_to_date() -> None:
    schemas = {"/input": b'{"definitions": {"a": {}}, "$ref": "#/definitions/a"}', "/emits/0/schema": b"true"}
    steps = [pb.StepEntry(file="a", config=encode({}), schemas=schemas)]
    streams = [pb.StreamEntry(file="b", config=encode({}), schemas={"/schema": b'{"type": "object"}'})]
    manifest = read_manifest(pb.Manifest(steps=steps, streams=streams), "node")
    assert manifest.steps[0].schemas == {"/input": {"$defs": {"a": {}}, "$ref": "#/$defs/a"}, "/emits/0/schema": True}
    assert manifest.streams[0].schemas == {"/schema": {"type": "object"}}
    assert manifest.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"\xff", b"5", b"null", b'{"type": "strin"}', b'{"$ref": "https://example.org/x"}'),
        b'{"minimum": NaN}',
        b'{"not": ' * 5000,
        b'{"not": ' * 5000 + b"true" + b"}" * 5000,
        b"[" * 100_000,
    ],
)
def test_a_schema_that_is_none_leaves_its_file_without(text: bytes) -> None:
    entry = pb.StepEntry(file="a", config=encode({}), schemas={"/input": text, "/bodySchema": b"{}"})
    manifest = read_manifest(pb.Manifest(steps=[entry]), "node")
    assert manifest.steps[0].schemas == {"/bodySchema": {}}
    [problem] = manifest.problems
    assert (problem.file, problem.severity) == ("a", Severity.WARNING)
    assert problem.message.startswith("the schema at '/input' of its config is left out: ")
    assert problem.fix


@pytest.mark.parametrize("config", [b"\xc1", b"\x81\x90\x01", b"\x01\x02", b"\x91" * 2000])
def test_a_config_that_cannot_be_read_is_a_problem_of_its_file(config: bytes) -> None:
    entries = [pb.StepEntry(file="bad", config=config), pb.StepEntry(file="good", config=b"\x80")]
    streams = [pb.StreamEntry(file="bad stream", config=config)]
    manifest = read_manifest(pb.Manifest(steps=entries, streams=streams), "node")
    assert [entry.file for entry in manifest.steps] == ["good"]
    assert [problem.file for problem in manifest.problems] == ["bad", "bad stream"]
    assert "config cannot be read" in manifest.problems[0].message


def test_load_failures_say_where() -> None:
    failure = pb.Failure(type="SyntaxError", message="unexpected }")
    here = pb.LoadFailure(file="a", failure=failure, line=3, column=9, fix="remove it")
    elsewhere = pb.Failure(message="m")
    there = pb.LoadFailure(file="a", failure=elsewhere, line=3, column=7, location_file="lib/b.ts")
    somewhere = pb.LoadFailure(file="a", failure=failure, location_file="lib/b.ts")
    own = pb.LoadFailure(file="a", failure=failure, line=3, location_file="a")
    problems = read_manifest(pb.Manifest(load_failures=[here, there, somewhere, own]), "node").problems
    assert {p.file for p in problems} == {"a"}
    assert [(p.message, p.fix, p.place, p.line, p.column) for p in problems] == [
        ("SyntaxError: unexpected }", "remove it", "", 3, 9),
        ("m (in lib/b.ts:3)", "", "lib/b.ts", 3, 7),
        ("SyntaxError: unexpected } (in lib/b.ts)", "", "lib/b.ts", 0, 0),
        ("SyntaxError: unexpected }", "", "", 3, 0),
    ]


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (1, LogLevel.DEBUG),
        (2, LogLevel.INFO),
        (3, LogLevel.WARN),
        (4, LogLevel.ERROR),
        (0, LogLevel.INFO),
        (99, LogLevel.INFO),
    ],
)
def test_a_log_line(number: int, level: LogLevel) -> None:
    source = pb.Log.FromString(b"\x10" + bytes([number]))
    source.message, source.data, source.time_ms = "m", b"\x01", 1500.5
    record = read_log(source, "Create", "f" * 32, "e" * 16)
    assert (record.level, record.message, record.data, record.time) == (level, "m", b"\x01", 1.5005)
    assert (record.source, record.trace_id) == ("Create", "f" * 32)


def test_a_status_whose_schema_is_none_is_one_all_the_same() -> None:
    entry = pb.StepEntry(file="a", config=encode({}), schemas={"/triggers/0/responseSchema/200": b'{"type": 7}'})
    manifest = read_manifest(pb.Manifest(steps=[entry]), "node")
    assert manifest.steps[0].schemas == {"/triggers/0/responseSchema/200": True}
    assert len(manifest.problems) == 1
