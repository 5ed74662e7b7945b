"""definitions.changes: state and stream triggers, alone or among several, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.changes import what_changes
from runtime.definitions.steps import read_step
from runtime.model import ChangeKind, Problem, Severity, StateTrigger, Step, StreamTrigger

STATE = {"type": "state", "groupId": "orders"}
STREAM = {"type": "stream", "streamName": "chat"}
CRON = {"type": "cron", "cron": "0 9 * * 1"}
CREATE, UPDATE, DELETE = ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.DELETE


def load(config: dict[str, Any]) -> tuple[Step | None, list[Problem]]:
    return read_step("steps/a.step.ts", "node", config, has_handler=True)


def read(config: dict[str, Any]) -> Step:
    step, problems = load(config)
    assert step is not None, problems
    assert problems == []
    return step


def refused(config: dict[str, Any]) -> list[Problem]:
    step, problems = load(config)
    assert step is None
    assert all(problem.severity is Severity.ERROR for problem in problems)
    return problems


@pytest.mark.parametrize(
    ("config", "trigger"),
    [
        (STATE, StateTrigger("orders")),
        ({**STATE, "key": "17", "on": ["delete", "create"]}, StateTrigger("orders", "17", frozenset({CREATE, DELETE}))),
        ({**STATE, "key": None, "on": None}, StateTrigger("orders")),
        (STREAM, StreamTrigger("chat")),
        (
            {**STREAM, "groupId": "room", "id": "m", "on": ["update"]},
            StreamTrigger("chat", "room", "m", frozenset({UPDATE})),
        ),
        ({**STREAM, "id": "m"}, StreamTrigger("chat", "", "m")),
    ],
)
def test_what_a_step_watches(config: dict[str, Any], trigger: Any) -> None:
    assert read(config).triggers == (trigger,)
    assert read(config).type == config["type"]


def test_changes_among_several_triggers() -> None:
    triggers = read({"triggers": [CRON, {**STATE, "key": "a"}, STREAM, {**STATE, "key": "b"}]}).triggers
    assert [(trigger.kind.value, trigger.index) for trigger in triggers] == [
        ("cron", 0),
        ("state", 1),
        ("stream", 2),
        ("state", 3),
    ]


@pytest.mark.parametrize(
    ("config", "message", "fix"),
    [
        ({"type": "state"}, "config.groupId is missing", "add 'groupId' to the config"),
        ({"type": "state", "groupid": "g"}, "config.groupId is missing", "rename 'groupid' to 'groupId'"),
        ({"type": "state", "groupId": ""}, "config.groupId: ", "correct config.groupId"),
        ({"type": "state", "groupId": 5}, "config.groupId: this is no text (it is 5)", "correct config.groupId"),
        ({**STATE, "key": ""}, "config.key: ", "correct config.key"),
        ({"type": "stream", "groupId": "g"}, "config.streamName is missing", "add 'streamName' to the config"),
        ({"type": "stream", "stream": "g"}, "config.streamName is missing", "rename 'stream' to 'streamName'"),
        ({**STATE, "on": "create"}, "config.on: write a list such as ['create']", "correct config.on"),
        ({**STATE, "on": []}, "config.on: no change would fire it", "correct config.on"),
        ({**STREAM, "on": ["created", 1]}, "config.on: 'created', 1 is no change: known are", "correct config.on"),
        ({"triggers": [{"type": "state"}]}, "config.triggers[0].groupId is missing", "add 'groupId' to config.tr"),
        ({"triggers": [STATE, {**STREAM, "on": ["x"]}]}, "config.triggers[1].on: 'x'", "correct config.triggers[1].on"),
    ],
)
def test_what_is_wrong_with_a_watch(config: dict[str, Any], message: str, fix: str) -> None:
    [problem] = refused(config)
    assert problem.message.startswith(message)
    assert problem.fix.startswith(fix)


@pytest.mark.parametrize(
    ("config", "place", "fix"),
    [
        ({**STATE, "keys": "k"}, "config.keys", "did you mean 'key'?"),
        ({**STATE, "streamName": "s"}, "config.streamName", "it belongs to a stream trigger; remove it"),
        ({**STREAM, "key": "s"}, "config.key", "it belongs to a state trigger; remove it"),
        ({"triggers": [{**STATE, "onn": []}]}, "config.triggers[0].onn", "did you mean 'on'?"),
        ({"triggers": [{**STREAM, "flows": []}]}, "config.triggers[0].flows", "move it out of 'triggers'"),
        ({"triggers": [CRON], "groupId": "g"}, "config.groupId", "it belongs into an item of 'triggers'"),
    ],
)
def test_keys_that_are_not_known(config: dict[str, Any], place: str, fix: str) -> None:
    step, [problem] = load(config)
    assert step is not None
    assert problem.message == f"{place} is not a known key and is ignored"
    assert problem.fix.startswith(fix)


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (STATE, {**STATE, "on": ["update", "delete", "create"]}, "a change of state 'orders'"),
        ({**STREAM, "on": ["update", "create"]}, {**STREAM, "on": ["create", "update"]}, "'chat (create, update)'"),
    ],
)
def test_a_watch_that_stands_twice_counts_once(first: dict[str, Any], second: dict[str, Any], what: str) -> None:
    step, [problem] = load({"triggers": [first, second]})
    assert step is not None
    assert len(step.triggers) == 1
    assert what in problem.message


def test_a_step_that_watches_may_be_atomic_and_needs_a_handler() -> None:
    assert read({**STATE, "infrastructure": {"handler": {"atomic": True}}}).atomic
    _, [problem] = read_step("steps/a.step.ts", "node", STREAM, has_handler=False)
    assert problem.message == "the stream step has no handler"


@pytest.mark.parametrize(
    ("trigger", "name"),
    [
        (StateTrigger("orders"), "orders"),
        (StateTrigger("orders", "17"), "orders/17"),
        (StateTrigger("orders", on=frozenset({DELETE, CREATE})), "orders (create, delete)"),
        (StateTrigger("a/b", "50% (new)"), "a%2Fb/50%25 %28new)"),
        (StreamTrigger("chat"), "chat"),
        (StreamTrigger("chat", "room"), "chat/room"),
        (StreamTrigger("chat", id="m"), "chat/*/m"),
        (StreamTrigger("chat", "*", "m"), "chat/%2A/m"),
    ],
)
def test_a_watch_has_a_name_that_people_can_read(trigger: StateTrigger | StreamTrigger, name: str) -> None:
    assert what_changes(trigger) == name


NAMES = st.text("ab/*%( )create,", max_size=12)
KINDS = st.frozensets(st.sampled_from(ChangeKind), min_size=1)
STATES = st.builds(StateTrigger, NAMES.filter(bool), NAMES, KINDS)
STREAMS = st.builds(StreamTrigger, NAMES.filter(bool), NAMES, NAMES, KINDS)


@given(STATES, STATES)
def test_two_watches_of_state_have_two_names(one: StateTrigger, other: StateTrigger) -> None:
    assert (what_changes(one) == what_changes(other)) == (one == other)


@given(STREAMS, STREAMS)
def test_two_watches_of_streams_have_two_names(one: StreamTrigger, other: StreamTrigger) -> None:
    assert (what_changes(one) == what_changes(other)) == (one == other)
