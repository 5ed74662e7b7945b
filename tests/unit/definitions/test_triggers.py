"""definitions.triggers: what makes a step run, alone or among several, and the schemas of it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.steps import read_step
from runtime.model import ApiTrigger, CatchUp, CronTrigger, EventTrigger, JsonSchema, Overlap, Problem, Severity, Step
from tests.unit.test_values import values

API = {"type": "api", "path": "/orders", "method": "POST"}
EVENT = {"type": "event", "subscribes": ["order.created"]}
CRON = {"type": "cron", "cron": "0 9 * * 1"}
TEXT, COUNT = {"type": "string"}, {"type": "integer"}


def load(config: dict[str, Any], **schemas: JsonSchema) -> tuple[Step | None, list[Problem]]:
    """Schemas are given by their places with `__` for the slashes."""
    pointers = {"/" + place.replace("__", "/"): schema for place, schema in schemas.items()}
    return read_step("steps/a.step.ts", "node", config, has_handler=True, schemas=pointers)


def read(config: dict[str, Any], **schemas: JsonSchema) -> Step:
    step, problems = load(config, **schemas)
    assert step is not None, problems
    assert problems == []
    return step


def refused(config: dict[str, Any], **schemas: JsonSchema) -> list[str]:
    step, problems = load(config, **schemas)
    assert step is None
    assert all(problem.severity is Severity.ERROR and problem.fix for problem in problems)
    return [problem.message for problem in problems]


def warned(config: dict[str, Any], **schemas: JsonSchema) -> list[Problem]:
    step, problems = load(config, **schemas)
    assert step is not None, problems
    assert all(problem.severity is Severity.WARNING and problem.fix for problem in problems)
    return problems


def api(config: dict[str, Any], **schemas: JsonSchema) -> ApiTrigger:
    [trigger] = read({**API, **config}, **schemas).triggers
    assert isinstance(trigger, ApiTrigger)
    return trigger


# ------------------------------------------------------------ several triggers


def test_a_config_may_list_its_triggers() -> None:
    step = read(
        {
            "name": "Sync",
            "emits": ["done"],
            "triggers": [
                {"type": "api", "method": "post", "path": "/sync"},
                {"type": "event", "topic": "sync"},
                {"type": "event", "subscribes": ["a", "b"]},
                {"type": "cron", "cron": "@daily", "timezone": "Europe/Berlin", "catchUp": "last", "overlap": "queue"},
            ],
        }
    )
    assert step.type == "triggers"
    assert step.triggers == (
        ApiTrigger("POST", "/sync", index=0),
        EventTrigger("sync", index=1),
        EventTrigger("a", index=2),
        EventTrigger("b", index=2),
        CronTrigger("@daily", "Europe/Berlin", CatchUp.LAST, Overlap.QUEUE, index=3),
    )


def test_a_single_trigger_has_the_index_0() -> None:
    assert [trigger.index for trigger in read({**EVENT, "subscribes": ["a", "b"]}).triggers] == [0, 0]


def test_a_topic_alone_is_a_subscription_as_well() -> None:
    assert read({"type": "event", "topic": "a"}).triggers == (EventTrigger("a"),)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"triggers": []}, "config.triggers: it is a list of triggers, with one at least"),
        ({"triggers": {"type": "cron"}}, "config.triggers: it is a list"),
        ({"triggers": [CRON] * 101}, "config.triggers: 101 triggers are more than 100"),
        ({"triggers": ["cron"]}, "config.triggers[0]: a trigger is a map"),
        ({"triggers": [{"path": "/a"}]}, "config.triggers[0] has no 'type'"),
        ({"triggers": [CRON, {"type": "noop"}]}, "config.triggers[1].type: 'noop' is no kind of trigger"),
        ({"triggers": [CRON, {"type": "crom"}]}, "config.triggers[1].type: 'crom' is no kind of trigger"),
        ({"triggers": [{"type": "event"}]}, "config.triggers[0].topic is missing"),
        ({"triggers": [{"type": "api", "path": "a", "method": "GET"}]}, "config.triggers[0].path: a path begins"),
        ({"triggers": [{"type": "cron", "cron": "x"}]}, "config.triggers[0].cron: not a cron expression"),
        ({"type": "event", "topic": "a", "subscribes": ["b"]}, "the config has both 'topic' and 'subscribes'"),
        ({"triggers": [{"type": "event", "topic": "a", "subscribes": ["b"]}]}, "config.triggers[0] has both 'topic'"),
        ({"triggers": [{"type": "event", "topic": ""}]}, "config.triggers[0].topic: "),
    ],
)
def test_what_is_wrong_with_triggers(config: dict[str, Any], message: str) -> None:
    [found] = refused(config)
    assert found.startswith(message)


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {"name": "", "triggers": [{"type": "event"}, {"type": "cron", "cron": "x", "timezone": "Mars"}]}
    places = ["config.name", "config.triggers[0].topic", "config.triggers[1].cron", "config.triggers[1].timezone"]
    assert [message.split(":")[0].removesuffix(" is missing") for message in refused(wrong)] == places


def test_of_type_and_triggers_the_type_is_to_go() -> None:
    _, [problem] = load({**API, "triggers": [CRON]})
    assert problem.message == "the config has both 'type' and 'triggers'"
    assert problem.fix.startswith("remove 'type', and put 'path', 'method' into an item of 'triggers'")


@pytest.mark.parametrize(
    ("repeated", "what"),
    [
        ([{**API, "path": "/u/:a"}, {**API, "path": "/u/:b/", "method": "post"}], "POST /u/:b/"),
        ([{"type": "event", "topic": "order.created"}, EVENT], "the topic 'order.created'"),
        ([CRON, CRON], "the schedule '0 9 * * 1'"),
    ],
)
def test_what_stands_twice_counts_once(repeated: list[dict[str, Any]], what: str) -> None:
    step, [problem] = load({"triggers": repeated})
    assert step is not None
    assert [trigger.index for trigger in step.triggers] == [0]
    assert problem.message == f"config.triggers[1]: {what} is a trigger of this step already and is ignored"
    assert "config.triggers[0]" in problem.fix


def test_one_schedule_in_two_zones_is_two() -> None:
    zones = [{**CRON, "timezone": zone} for zone in ("Europe/Berlin", "Asia/Tokyo")]
    assert len(read({"triggers": zones}).triggers) == 2


def test_infrastructure_is_that_of_all_triggers() -> None:
    infrastructure = {"queue": {"maxRetries": 7}, "handler": {"timeout": 5, "atomic": True}}
    step = read({"triggers": [CRON, EVENT], "infrastructure": infrastructure})
    assert (step.queue.max_retries, step.timeout, step.atomic) == (7, 5.0, True)
    [message] = refused({"triggers": [EVENT, API], "infrastructure": infrastructure})
    assert message.startswith("config.infrastructure.handler.atomic: ")


def test_triggers_need_a_handler() -> None:
    _, [problem] = read_step("steps/a.step.ts", "node", {"triggers": [CRON]}, has_handler=False)
    assert problem.message == "the step has no handler"


# ------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ("config", "place", "advice"),
    [
        ({"triggers": [{**CRON, "timezon": "UTC"}]}, "config.triggers[0].timezon", "did you mean 'timezone'?"),
        ({"triggers": [{**CRON, "emits": []}]}, "config.triggers[0].emits", "move it out of 'triggers'"),
        ({"triggers": [{**EVENT, "bodySchema": {}}]}, "config.triggers[0].bodySchema", "belongs to an api trigger"),
        ({"triggers": [CRON], "path": "/a"}, "config.path", "into an item of 'triggers'"),
        ({**EVENT, "bodySchema": {}}, "config.bodySchema", "belongs to an api trigger"),
        ({**API, "input": {}}, "config.input", "belongs to an event trigger"),
        ({"type": "noop", "cron": "@daily"}, "config.cron", "belongs to a cron trigger"),
        ({**API, "queryParams": [{"name": "a", "descripton": "b"}]}, "config.queryParams[0].descripton", "description"),
        ({**API, "emits": [{"topic": "a", "lable": "b"}]}, "config.emits[0].lable", "label"),
        (
            {**API, "virtualEmits": [{"topic": "a", "condition": True}]},
            "config.virtualEmits[0].condition",
            "onditional",
        ),
        ({**API, "responseSchema": {"200": {}, "ok": {}}}, "config.responseSchema.ok", "status"),
    ],
)
def test_a_key_that_has_no_meaning_there(config: dict[str, Any], place: str, advice: str) -> None:
    [problem] = warned(config)
    assert problem.message.startswith(f"{place} is no")
    assert advice in problem.fix


def test_a_schema_that_the_runner_took_from_a_place_without_meaning_is_told() -> None:
    [problem] = warned(EVENT, bodySchema=TEXT)
    assert problem.message.startswith("config.bodySchema is not a known key")
    [problem] = warned({"triggers": [CRON, EVENT]}, triggers__0__input=TEXT)
    assert problem.message.startswith("config.triggers[0].input is not a known key")


@pytest.mark.parametrize("config", [API, EVENT, CRON, {"triggers": [API, EVENT, CRON]}])
def test_null_is_absence(config: dict[str, Any]) -> None:
    optional = [
        "name",
        "description",
        "emits",
        "flows",
        "virtualEmits",
        "infrastructure",
        "validate",
        "includeFiles",
        "bodySchema",
        "input",
        "queryParams",
        "responseSchema",
        "timezone",
        "unheard",
        "triggers" if "type" in config else "type",
    ]
    assert read({**dict.fromkeys(optional), **config}) == read(config)


def test_null_is_absence_further_in() -> None:
    emits = [{"topic": "a", "label": None, "conditional": None, "schema": None}]
    infrastructure = {"queue": {"maxRetries": None, "backoff": None}, "handler": None}
    params = [{"name": "a", "description": None, "required": None}]
    step = read({**API, "emits": emits, "infrastructure": infrastructure, "queryParams": params})
    assert step == read({**API, "emits": ["a"], "queryParams": [{"name": "a"}]})


def test_null_is_no_value_for_what_is_needed() -> None:
    assert refused({**API, "path": None}) == ["config.path is missing"]


# ------------------------------------------------------------ schemas


@pytest.mark.parametrize("is_taken", [True, False])
def test_the_schemas_of_an_api_trigger(is_taken: bool) -> None:
    given: dict[str, Any] = {"bodySchema": TEXT, "queryParams": {"type": "object"}, "pathParams": {"required": ["id"]}}
    trigger = api({}, **given) if is_taken else api(given)
    assert (trigger.body_schema, trigger.query_schema, trigger.path_schema) == tuple(given.values())
    assert trigger.query_params == ()


@pytest.mark.parametrize("is_taken", [True, False])
def test_the_schema_of_an_event_trigger(is_taken: bool) -> None:
    step = read(EVENT, input=TEXT) if is_taken else read({**EVENT, "input": TEXT})
    assert step.triggers[0] == EventTrigger("order.created", TEXT)


@pytest.mark.parametrize("is_taken", [True, False])
def test_schemas_inside_triggers(is_taken: bool) -> None:
    config: dict[str, Any] = {"triggers": [CRON, dict(EVENT), dict(API)]}
    schemas: dict[str, JsonSchema] = {"triggers__1__input": TEXT, "triggers__2__responseSchema__200": COUNT}
    if not is_taken:
        config["triggers"][1]["input"] = TEXT
        config["triggers"][2]["responseSchema"] = {200: COUNT}
        schemas = {}
    _, event, request = read(config, **schemas).triggers
    assert isinstance(event, EventTrigger)
    assert isinstance(request, ApiTrigger)
    assert (event.input_schema, request.response_schemas) == (TEXT, {"200": COUNT})


def test_the_config_itself_is_not_changed() -> None:
    config = {"triggers": [dict(EVENT)], "emits": [{"topic": "a"}]}
    read(config, triggers__0__input=TEXT, emits__0__schema=TEXT)
    assert config == {"triggers": [EVENT], "emits": [{"topic": "a"}]}


def test_responses_are_by_status() -> None:
    by_status = {"200": TEXT, "404": {"type": "null"}, "default": COUNT}
    assert api({"responseSchema": by_status}).response_schemas == by_status
    assert api({"responseSchema": {"404": COUNT}}, responseSchema__200=TEXT).response_schemas == {
        "200": TEXT,
        "404": COUNT,
    }
    assert api({"responseSchema": {}}).response_schemas == {}


@pytest.mark.parametrize("is_taken", [True, False])
def test_one_response_schema_is_for_every_status(is_taken: bool) -> None:
    schema = {"type": "object", "properties": {"200": TEXT}}
    trigger = api({}, responseSchema=schema) if is_taken else api({"responseSchema": schema})
    assert trigger.response_schemas == {"default": schema}


def test_query_parameters_by_name() -> None:
    params = [{"name": "page", "description": "p", "required": True, "schema": COUNT}, {"name": "sort"}]
    trigger = api({"queryParams": params})
    assert [(p.name, p.description, p.required, p.schema) for p in trigger.query_params] == [
        ("page", "p", True, COUNT),
        ("sort", "", False, None),
    ]
    assert trigger.query_schema == {
        "type": "object",
        "properties": {"page": COUNT, "sort": True},
        "required": ["page"],
    }
    assert api({"queryParams": [{"name": "page"}]}, queryParams__0__schema=COUNT).query_params[0].schema == COUNT


def test_query_parameters_that_are_only_described_need_no_check() -> None:
    assert api({"queryParams": [{"name": "page", "description": "p"}]}).query_schema is None


def test_references_inside_a_query_parameter_still_lead_there() -> None:
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"enum": ["#/x"], "default": {"$ref": "#"}}, "enum": {"$ref": "#"}}}
    trigger = api({"queryParams": [{"name": "a/b~c %", "schema": schema}]})
    assert isinstance(trigger.query_schema, dict)
    check = jsonschema_rs.validator_for(trigger.query_schema).is_valid
    assert check({"a/b~c %": "#/x"})
    assert not check({"a/b~c %": "y"})
    assert trigger.query_schema["properties"]["a/b~c %"]["$defs"]["a"]["default"] == {"$ref": "#"}


def test_schemas_of_older_drafts_are_brought_up_to_date() -> None:
    old = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": TEXT}, "$ref": "#/definitions/a"}
    trigger = api({"bodySchema": old})
    assert isinstance(trigger.body_schema, dict)
    assert trigger.body_schema["$ref"] == "#/$defs/a"


@pytest.mark.parametrize("wrong", ["User", 5, {"type": "strin"}, {"$ref": "#/gone"}, [TEXT]])
def test_what_is_no_schema_is_left_out_and_told(wrong: object) -> None:
    config = {**API, "bodySchema": wrong, "pathParams": TEXT}
    step, [problem] = load(config)
    assert step is not None
    assert step.triggers == read({**API, "pathParams": TEXT}).triggers
    assert problem.severity is Severity.WARNING
    assert problem.message.startswith("config.bodySchema is no JSON Schema and is ignored: ")


@pytest.mark.parametrize("pointer", ["", "/", "/triggers/9/input", "/triggers/x/input", "/name/x/y", "/a" * 50, "x"])
def test_a_schema_at_a_place_that_cannot_be_harms_nothing(pointer: str) -> None:
    step, problems = read_step(
        "a", "node", {"name": "n", "triggers": [CRON]}, has_handler=True, schemas={pointer: TEXT}
    )
    assert step is not None
    assert all(problem.severity is Severity.WARNING for problem in problems)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "path", "method", "topic", "subscribes", "cron", "input", "queryParams", "x"]),
            st.sampled_from(["api", "event", "cron", "/a", "GET", "* * * * *", ["t"]]) | values,
        )
        | values,
        max_size=3,
    ),
    st.dictionaries(st.text("/abtriggers019~", max_size=20), st.sampled_from([True, TEXT]), max_size=3),
)
def test_whatever_triggers_hold_they_give_a_step_or_say_why_not(triggers: Any, schemas: dict[str, JsonSchema]) -> None:
    step, problems = read_step("a", "node", {"triggers": triggers}, has_handler=True, schemas=schemas)
    assert step is not None or any(problem.severity is Severity.ERROR for problem in problems)


def test_middleware_of_one_trigger_is_refused_not_left_out() -> None:
    message = "config.triggers[0].middleware: a trigger has no middleware of its own"
    assert refused({"triggers": [{**API, "middleware": []}, CRON]}) == [message]


def test_a_status_whose_schema_is_none_is_one_all_the_same() -> None:
    step, [problem] = load({**API, "responseSchema": {200: {"type": 7}, 404: TEXT, 500: None}})
    assert step is not None
    [trigger] = step.triggers
    assert isinstance(trigger, ApiTrigger)
    assert trigger.response_schemas == {"200": True, "404": TEXT}
    assert problem.severity is Severity.WARNING
