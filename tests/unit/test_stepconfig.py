"""stepconfig: the config of a step file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model import ApiTrigger, CronTrigger, Emit, EventTrigger, Problem, QueuePolicy, Severity, Step
from runtime.stepconfig import METHODS, read_step
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


def test_a_noop_step_needs_no_handler() -> None:
    assert read({"type": "noop", "virtualSubscribes": ["a"]}, has_handler=False).triggers == ()


def test_emits_are_strings_or_maps() -> None:
    emits = ["a", {"topic": "b", "label": "B", "conditional": True}]
    step = read({**API, "emits": emits, "virtualEmits": emits, "virtualSubscribes": ["c"]})
    assert step.emits == step.virtual_emits == (Emit("a"), Emit("b", "B", conditional=True))
    assert step.virtual_subscribes == (Emit("c"),)


def test_the_queue_policy() -> None:
    queue = {"maxRetries": 0, "concurrency": 1, "delaySeconds": 2, "backoff": {"delay": 3, "factor": 4, "max": 5}}
    step = read({**EVENT, "infrastructure": {"queue": queue, "handler": {"timeout": 7}}})
    assert step.queue == QueuePolicy(1, 0, 2.0, 3.0, 4.0, 5.0)
    assert step.timeout == 7.0
    assert read(EVENT).queue == QueuePolicy()


def test_a_fixed_backoff_does_not_grow() -> None:
    step = read({**EVENT, "infrastructure": {"queue": {"backoff": {"type": "fixed", "delay": 3, "factor": 9}}}})
    assert (step.queue.backoff_delay, step.queue.backoff_factor) == (3.0, 1.0)


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
    ],
)
def test_a_bad_value_is_refused_and_named(config: dict[str, Any], place: str) -> None:
    assert any(problem.message.startswith(place) for problem in refused(config))


@pytest.mark.parametrize(
    "expression", ["", "every day", "* * * *", "61 * * * *", "0 0 31 2 *", "@fortnightly", "@reboot"]
)
def test_a_cron_expression_that_is_none_or_never_comes_is_refused(expression: str) -> None:
    assert refused({**CRON, "cron": expression})[0].message.startswith("config.cron")


@pytest.mark.parametrize("expression", ["@hourly", "@daily", "*/5 * * * *", "0 9 * jan mon-fri", "0 0 29 2 *"])
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


@pytest.mark.parametrize("key", ["bodySchema", "responseSchema", "input", "middleware", "queryParams", "includeFiles"])
def test_keys_that_the_runner_keeps_are_known(key: str) -> None:
    assert warned({**API, key: {}}) == []


@pytest.mark.parametrize(
    "infrastructure",
    [{"queue": {"type": "fifo"}}, {"handler": {"atomic": True}}, {"queue": {"visibilityTimeout": 60}}],
)
def test_what_the_engine_does_not_keep_is_said(infrastructure: dict[str, Any]) -> None:
    [problem] = warned({**EVENT, "infrastructure": infrastructure})
    assert "config.infrastructure" in problem.message


@pytest.mark.parametrize("timeout", [float("inf"), 1e30])
def test_a_timeout_that_the_wire_cannot_carry_is_refused(timeout: float) -> None:
    [problem] = refused({**EVENT, "infrastructure": {"handler": {"timeout": timeout}}})
    assert problem.message.startswith("config.infrastructure.handler.timeout")


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
