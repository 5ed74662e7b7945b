"""definitions.steps: the config of a step file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.steps import read_step, read_stream
from runtime.definitions.triggers import METHODS
from runtime.model import (
    ApiTrigger,
    CatchUp,
    CronTrigger,
    Emit,
    EventTrigger,
    Hook,
    JsonSchema,
    Overlap,
    Problem,
    QueuePolicy,
    Severity,
    Step,
    StreamDefinition,
    Validation,
)
from tests.unit.test_values import values

API = {"type": "api", "path": "/orders", "method": "POST"}
EVENT = {"type": "event", "subscribes": ["order.created"]}
CRON = {"type": "cron", "cron": "0 9 * * 1"}


def read(config: dict[str, Any], file: str = "steps/create.step.ts", *, has_handler: bool = True) -> Step:
    step, problems = read_step(file, "node", config, has_handler=has_handler)
    assert step is not None, problems
    assert problems == []
    return step


def refused(config: dict[str, Any], *, has_handler: bool = True) -> list[Problem]:
    step, problems = read_step("steps/a.step.ts", "node", config, has_handler=has_handler)
    assert step is None
    assert problems
    assert all(problem.severity is Severity.ERROR for problem in problems)
    assert all(problem.file == "steps/a.step.ts" and problem.fix for problem in problems)
    return problems


def warned(config: dict[str, Any]) -> list[Problem]:
    step, problems = read_step("steps/a.step.ts", "node", config, has_handler=True)
    assert step is not None
    assert all(problem.severity is Severity.WARNING for problem in problems)
    return problems


def test_an_api_step() -> None:
    step = read({**API, "name": "CreateOrder", "method": "post", "flows": ["orders"], "description": "d"})
    assert (step.name, step.language, step.type) == ("CreateOrder", "node", "api")
    assert step.triggers == (ApiTrigger("POST", "/orders"),)
    assert (step.flows, step.description, step.emits, step.timeout) == (("orders",), "d", (), 30.0)


def test_an_event_step_has_a_trigger_a_topic() -> None:
    step = read({**EVENT, "subscribes": ["a", "b c/ü"]})
    assert step.triggers == (EventTrigger("a"), EventTrigger("b c/ü"))


def test_a_topic_that_stands_twice_is_subscribed_to_once() -> None:
    assert read({**EVENT, "subscribes": ["a", "b", "a"]}).triggers == (EventTrigger("a"), EventTrigger("b"))


def test_a_cron_step() -> None:
    assert read({**CRON, "timezone": "Europe/Berlin"}).triggers == (CronTrigger("0 9 * * 1", "Europe/Berlin"),)


def test_a_cron_step_that_says_what_happens_to_ticks_that_cannot_run_in_time() -> None:
    trigger = read({**CRON, "catchUp": "all", "overlap": "queue"}).triggers[0]
    assert trigger == CronTrigger("0 9 * * 1", "", CatchUp.ALL, Overlap.QUEUE)


def test_a_noop_step_needs_no_handler() -> None:
    assert read({"type": "noop", "virtualSubscribes": ["a"]}, has_handler=False).triggers == ()


def test_emits_are_strings_or_maps() -> None:
    emits = ["a", {"topic": "b", "label": "B", "conditional": True}]
    step = read({**API, "emits": emits, "virtualEmits": emits, "virtualSubscribes": ["c"]})
    assert step.emits == step.virtual_emits == (Emit("a"), Emit("b", "B", conditional=True))
    assert step.virtual_subscribes == (Emit("c"),)


@pytest.mark.parametrize(
    ("key", "given", "fix"),
    [
        ("emits", "user.created", "write ['user.created']"),
        ("includeFiles", "a.txt", "write ['a.txt']"),
        ("subscribes", "user.created", "write ['user.created']"),
        ("emits", "", "correct config.emits"),
        ("emits", "x" * 500, "correct config.emits"),
        ("emits", {"topic": "user.created"}, "correct config.emits"),
        ("queryParams", "page", "correct config.queryParams"),
    ],
)
def test_a_text_in_the_place_of_a_list_is_shown_as_one(key: str, given: object, fix: str) -> None:
    [problem] = refused({**(EVENT if key == "subscribes" else API), key: given})
    assert problem.message.startswith(f"config.{key}: this is no list (it is ")
    assert problem.fix == fix


def test_an_emit_may_say_what_its_data_is() -> None:
    text, count = {"type": "string"}, {"type": "integer"}
    config = {**API, "emits": [{"topic": "a"}, {"topic": "b", "schema": count}], "virtualEmits": [{"topic": "c"}]}
    schemas: dict[str, JsonSchema] = {"/emits/0/schema": text, "/virtualEmits/0/schema": text}
    step, problems = read_step("a", "node", config, has_handler=True, schemas=schemas)
    assert step is not None
    assert (step.emits, problems) == ((Emit("a", schema=text), Emit("b", schema=count)), [])
    assert step.virtual_emits == (Emit("c", schema=text),)


@pytest.mark.parametrize(
    ("value", "mode"),
    [(True, Validation.ENFORCE), (False, Validation.OFF), *((mode.value, mode) for mode in Validation), (None, None)],
)
def test_the_validation_of_one_step(value: object, mode: Validation | None) -> None:
    assert read({**API, "validate": value}).validation is mode


def test_files_to_include() -> None:
    assert read({**API, "includeFiles": ["./a.html", "../b/*"]}).include_files == ("./a.html", "../b/*")


def queue_of(queue: dict[str, Any]) -> QueuePolicy:
    return read({**EVENT, "infrastructure": {"queue": queue}}).queue


def test_the_queue_policy() -> None:
    backoff = {"type": "exponential", "delay": 3, "factor": 4, "max": 5, "jitter": 0.5}
    queue = {"type": "fifo", "maxRetries": 0, "concurrency": 1, "delaySeconds": 2, "backoff": backoff}
    step = read({**EVENT, "infrastructure": {"queue": queue, "handler": {"timeout": 7}}})
    assert step.queue == QueuePolicy(
        fifo=True,
        concurrency=1,
        max_retries=0,
        delay=2.0,
        backoff_delay=3.0,
        backoff_factor=4.0,
        backoff_max=5.0,
        backoff_jitter=0.5,
    )
    assert (step.timeout, step.atomic) == (7.0, False)
    assert read(EVENT).queue == queue_of({}) == queue_of({"type": "standard", "backoff": {}}) == QueuePolicy()


def test_a_fixed_backoff_does_not_grow() -> None:
    policy = queue_of({"backoff": {"type": "fixed", "delay": 3, "factor": 9}})
    assert (policy.backoff_delay, policy.backoff_factor) == (3.0, 1.0)


def test_a_long_delay_is_cut_by_no_max_that_was_not_asked_for() -> None:
    assert queue_of({"backoff": {"type": "fixed", "delay": 300}}).backoff_max == 300.0
    assert queue_of({"backoff": {"delay": 30}}).backoff_max == 60.0
    assert queue_of({"backoff": {"delay": 30, "max": 30}}).backoff_max == 30.0


@pytest.mark.parametrize(("jitter", "share"), [(True, 1.0), (False, 0.0), (0, 0.0), (0.25, 0.25), (1, 1.0)])
def test_jitter_is_a_switch_or_a_share(jitter: object, share: float) -> None:
    assert queue_of({"backoff": {"jitter": jitter}}).backoff_jitter == share


@pytest.mark.parametrize("config", [EVENT, CRON])
def test_an_atomic_step(config: dict[str, Any]) -> None:
    assert read({**config, "infrastructure": {"handler": {"atomic": True}}}).atomic


@pytest.mark.parametrize(("config", "why"), [(API, "a request has none"), ({"type": "noop"}, "runs nothing")])
def test_a_step_that_acknowledges_nothing_cannot_be_atomic(config: dict[str, Any], why: str) -> None:
    [problem] = refused({**config, "infrastructure": {"handler": {"atomic": True}}})
    assert problem.message.startswith("config.infrastructure.handler.atomic: ")
    assert why in problem.message
    assert "atomic event step" in problem.fix
    read({**config, "infrastructure": {"handler": {"atomic": False}}})


def test_settings_of_machines_that_this_runtime_does_not_hand_out_are_accepted() -> None:
    infrastructure = {"handler": {"ram": 2048, "cpu": 2, "timeout": 60}, "queue": {"visibilityTimeout": 90}}
    assert read({**EVENT, "infrastructure": infrastructure}) == read(
        {**EVENT, "infrastructure": {"handler": {"timeout": 60}}}
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("steps/create.step.ts", "create"),
        ("src/score_order_step.py", "score_order"),
        ("steps/sync.cron.step.ts", "sync.cron"),
    ],
)
def test_a_step_without_a_name_gets_its_file_s(file: str, name: str) -> None:
    assert read(API, file).name == name


def test_files_whose_names_hold_dots_get_names_that_differ() -> None:
    assert read(CRON, "steps/sync.cron.step.ts").name != read(API, "steps/sync.api.step.ts").name


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method: str) -> None:
    assert read({**API, "method": method.lower()}).triggers == (ApiTrigger(method, "/orders"),)


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({**API, "path": "orders"}, "config.path"),
        ({**API, "method": "FETCH"}, "config.method"),
        ({**API, "path": 5}, "config.path"),
        ({**API, "name": ""}, "config.name"),
        ({**API, "emits": "topic"}, "config.emits"),
        ({**API, "emits": [{"label": "x"}]}, "config.emits[0].topic"),
        ({**API, "emits": [""]}, "config.emits[0]"),
        ({**API, "flows": [1]}, "config.flows[0]"),
        ({**EVENT, "subscribes": []}, "config.subscribes"),
        ({**EVENT, "subscribes": [""]}, "config.subscribes[0]"),
        ({**EVENT, "infrastructure": {"queue": {"maxRetries": -1}}}, "config.infrastructure.queue.maxRetries"),
        ({**EVENT, "infrastructure": {"handler": {"timeout": 0}}}, "config.infrastructure.handler.timeout"),
        ({**CRON, "timezone": "Mars/Base"}, "config.timezone"),
        ({**CRON, "catchUp": "some"}, "config.catchUp"),
        ({**CRON, "catchUp": True}, "config.catchUp"),
        ({**CRON, "overlap": ["skip"]}, "config.overlap"),
        ({**EVENT, "infrastructure": []}, "config.infrastructure"),
        ({**API, "validate": "perhaps"}, "config.validate"),
        ({**API, "validate": 1}, "config.validate"),
        ({**API, "includeFiles": "a.html"}, "config.includeFiles"),
        ({**API, "includeFiles": [""]}, "config.includeFiles[0]"),
        ({**API, "queryParams": "page"}, "config.queryParams"),
        ({**API, "queryParams": [{}]}, "config.queryParams[0].name"),
        ({**API, "queryParams": [{"name": "a", "required": "perhaps"}]}, "config.queryParams[0].required"),
        ({**EVENT, "infrastructure": {"handler": {"timeout": True}}}, "config.infrastructure.handler.timeout"),
        ({**EVENT, "infrastructure": {"queue": {"concurrency": True}}}, "config.infrastructure.queue.concurrency"),
        ({**EVENT, "infrastructure": {"handler": {"atomic": "perhaps"}}}, "config.infrastructure.handler.atomic"),
        ({**EVENT, "infrastructure": {"handler": {"ram": "much"}}}, "config.infrastructure.handler.ram"),
    ],
)
def test_a_bad_value_is_refused_and_named(config: dict[str, Any], place: str) -> None:
    assert any(problem.message.startswith(place) for problem in refused(config))


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "every day",
        "* * * *",
        "61 * * * *",
        "0 0 31 2 *",
        "@fortnightly",
        "@reboot",
        "0 0 9 * * 1 2030",
        "r * * * *",
        "0 R(1-5) * * *",
        "0 r/5 * * *",
        "h * * * *",
    ],
)
def test_a_cron_expression_that_is_none_or_never_comes_is_refused(expression: str) -> None:
    assert refused({**CRON, "cron": expression})[0].message.startswith("config.cron")


@pytest.mark.parametrize(
    "expression", ["@hourly", "@daily", "*/5 * * * *", "0 9 * jan mon-fri", "0 0 29 2 *", "0 0 * MAR THU"]
)
def test_cron_expressions(expression: str) -> None:
    assert read({**CRON, "cron": expression}).triggers == (CronTrigger(expression),)


def test_six_cron_fields_begin_with_the_seconds() -> None:
    assert read({**CRON, "cron": "59 30 9 * * *"}).triggers == (CronTrigger("59 30 9 * * *"),)
    refused({**CRON, "cron": "30 9 * * * 61"})
    refused({**CRON, "cron": "60 30 9 * * *"})


@pytest.mark.parametrize(("kind", "config"), [("api", API), ("event", EVENT), ("cron", CRON)])
def test_a_step_without_a_handler_is_refused(kind: str, config: dict[str, Any]) -> None:
    assert f"{kind} step has no handler" in refused(config, has_handler=False)[0].message


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        (None, "no 'type'", "'api'"),
        ("evnt", "'evnt' is no kind", "did you mean 'event'"),
        (5, "5 is no kind", "one of"),
    ],
)
def test_a_type_that_is_none(kind: object, text: str, hint: str) -> None:
    [problem] = refused({"type": kind} if kind is not None else {})
    assert text in problem.message
    assert hint in problem.fix


def test_a_missing_key_names_the_misspelt_one() -> None:
    [problem] = refused({"type": "event", "subscibes": ["a"]})
    assert problem.message == "config.subscribes is missing"
    assert problem.fix == "rename 'subscibes' to 'subscribes'"


def test_a_missing_type_names_the_misspelt_one() -> None:
    assert [problem.fix for problem in refused({"typ": "api", "path": "/"})] == ["rename 'typ' to 'type'"]


@pytest.mark.parametrize("key", ["path", "method", "type", "infrastructure", "x"])
def test_what_is_long_is_not_told_whole(key: str) -> None:
    long = "x" * 100_000
    _, problems = read_step("a", "node", {**API, key: long, f"y{long}": 1}, has_handler=True)
    assert problems
    assert all(len(problem.message) < 1000 and len(problem.fix) < 1000 for problem in problems)


def test_what_is_said_of_one_file_is_bounded() -> None:
    assert len(warned({**API, **{f"x{number}": 1 for number in range(10_000)}})) == 50
    assert len(refused({**API, "flows": [1] * 10_000})) == 50


def test_a_missing_key_without_a_misspelling() -> None:
    assert [problem.fix for problem in refused({"type": "api", "path": "/"})] == ["add 'method' to the config"]


def test_an_unknown_key_is_a_warning_with_the_nearest() -> None:
    [problem] = warned({**API, "desciption": "x"})
    assert "config.desciption is not a known key" in problem.message
    assert problem.fix == "did you mean 'description'?"


@pytest.mark.parametrize(
    ("infrastructure", "nearest"),
    [
        ({"queue": {"maxRetires": 1}}, "maxRetries"),
        ({"handler": {"timout": 1}}, "timeout"),
        ({"queue": {"backoff": {"facto": 1}}}, "factor"),
        ({"queues": {}}, "queue"),
    ],
)
def test_an_unknown_key_further_in_is_a_warning_as_well(infrastructure: dict[str, Any], nearest: str) -> None:
    [problem] = warned({**EVENT, "infrastructure": infrastructure})
    assert nearest in problem.fix


def test_keys_that_the_runner_keeps_are_known() -> None:
    assert warned({**API, "middleware": []}) == []


@pytest.mark.parametrize(
    ("queue", "key"),
    [
        ({"type": "lifo"}, "type"),
        ({"concurrency": 0}, "concurrency"),
        ({"maxRetries": 1.5}, "maxRetries"),
        ({"delaySeconds": -1}, "delaySeconds"),
        ({"visibilityTimeout": "long"}, "visibilityTimeout"),
        ({"backoff": "fixed"}, "backoff"),
        ({"backoff": {"type": "linear"}}, "backoff.type"),
        ({"backoff": {"delay": -1}}, "backoff.delay"),
        ({"backoff": {"factor": 0.5}}, "backoff.factor"),
        ({"backoff": {"delay": 30, "max": 20}}, "backoff.max"),
        ({"backoff": {"jitter": 1.5}}, "backoff.jitter"),
        ({"backoff": {"jitter": "full"}}, "backoff.jitter"),
        ({"backoff": {"jitter": float("nan")}}, "backoff.jitter"),
    ],
)
def test_a_bad_value_of_a_queue_is_refused_and_named(queue: dict[str, Any], key: str) -> None:
    [problem] = refused({**EVENT, "infrastructure": {"queue": queue}})
    assert problem.message.startswith(f"config.infrastructure.queue.{key}: ")
    assert problem.fix == f"correct config.infrastructure.queue.{key}"


@pytest.mark.parametrize("timeout", [float("inf"), 1e30])
def test_a_timeout_that_the_wire_cannot_carry_is_refused(timeout: float) -> None:
    [problem] = refused({**EVENT, "infrastructure": {"handler": {"timeout": timeout}}})
    assert problem.message.startswith("config.infrastructure.handler.timeout")


def test_a_stream() -> None:
    schema = {"type": "object"}
    definition = StreamDefinition("chat", "node", "steps/chat.stream.ts", schema)
    config = {"name": "chat", "baseConfig": {"storageType": "default"}}
    assert read_stream("steps/chat.stream.ts", "node", config, {"/schema": schema}) == (definition, [])
    assert read_stream("steps/chat.stream.ts", "node", {**config, "schema": schema}) == (definition, [])


def test_a_stream_has_the_hooks_that_its_config_has_functions_for() -> None:
    hooks = frozenset({Hook.CAN_ACCESS, Hook.ON_LEAVE})
    stream, problems = read_stream("a", "node", {"name": "chat"}, hooks=hooks)
    assert (stream, problems) == (StreamDefinition("chat", "node", "a", hooks=hooks), [])


@pytest.mark.parametrize("key", ["canAccess", "onJoin", "onLeave", "can_access", "canAcces", "canaccess"])
def test_a_stream_whose_guard_is_none_is_left_out(key: str) -> None:
    stream, [problem] = read_stream("a", "node", {"name": "chat", key: True})
    assert stream is None
    assert problem.severity is Severity.ERROR
    assert problem.message.startswith(f"config.{key} is no")


def test_what_is_odd_about_a_stream() -> None:
    stream, problems = read_stream(
        "a", "node", {"name": "chat", "shema": {}, "schema": {"type": "x"}, "baseConfig": None}
    )
    assert stream == StreamDefinition("chat", "node", "a")
    assert [problem.message.split(" is ")[0] for problem in problems] == ["config.shema", "config.schema"]
    assert problems[0].fix == "did you mean 'schema'?"


@pytest.mark.parametrize("config", [{}, {"name": ""}, {"name": 5}])
def test_a_stream_needs_a_name(config: dict[str, Any]) -> None:
    stream, [problem] = read_stream("a", "node", config)
    assert stream is None
    assert problem.message.startswith("config.name")


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "type",
                "name",
                "path",
                "method",
                "subscribes",
                "cron",
                "timezone",
                "catchUp",
                "overlap",
                "emits",
                "flows",
                "infrastructure",
                "x",
            ]
        ),
        st.sampled_from(["api", "event", "cron", "noop", "/a", "GET", "* * * * *"]) | values,
    )
)
def test_whatever_a_config_holds_it_gives_a_step_or_says_why_not(config: dict[str, Any]) -> None:
    step, problems = read_step("steps/a.step.ts", "node", config, has_handler=True)
    assert step is not None or any(problem.severity is Severity.ERROR for problem in problems)


@pytest.mark.parametrize("key", ["midleware", "middlewares", "middelware", "validates"])
def test_a_misspelt_guard_leaves_the_step_out(key: str) -> None:
    (problem,) = refused({**API, key: []})
    assert key in problem.message
    assert "stand open" in problem.message


def test_a_parameter_in_braces_is_named() -> None:
    (problem,) = warned({**API, "path": "/items/{id}"})
    assert "{id}" in problem.message
    assert "':id'" in problem.fix


def test_a_class_of_statuses_is_no_status() -> None:
    step, (problem,) = read_step(
        "steps/a.step.ts", "node", API, has_handler=True, schemas={"/responseSchema/2XX": {"type": "string"}}
    )
    assert step is not None
    assert "2XX is no HTTP status" in problem.message
