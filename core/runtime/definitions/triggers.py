"""The trigger parts of a step's config: its own keys, or the items of its `triggers`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BeforeValidator, Field, field_validator

from runtime.config import known_timezone
from runtime.definitions.changes import StatePart, StreamPart, what_changes
from runtime.definitions.parts import ConfigPath, Part, Reading, Taken, Text, known_keys, shown
from runtime.jsonschemas.places import inside, names_to, token
from runtime.model import (
    ApiTrigger,
    CatchUp,
    CronTrigger,
    EventTrigger,
    JsonSchema,
    Overlap,
    QueryParam,
    StateTrigger,
    StreamTrigger,
    Trigger,
)

MAX_TRIGGERS = 100
"""Triggers of one step."""
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
# What the library also takes: a year in a seventh field, and minutes that chance picks anew at each look.
_NO_CRON_FIELD = re.compile(r"[hr]([(/].*)?", re.IGNORECASE)
_CRON_FIELDS = (1, 5, 6)
_BRACES = re.compile(r"\{(\w+)\}")
_STATUS = re.compile(r"[1-5][0-9][0-9]|default")


class _QueryParam(Part):
    name: Text
    description: str = ""
    required: bool = False
    shape: Any = Field(None, alias="schema")


def _unless_schema(given: object) -> object:
    """No list where the config has one schema for all parameters."""
    return () if isinstance(given, Mapping | Taken) else given


class ApiPart(Part):
    """What an api step answers."""

    kind: ClassVar = "api"
    path: str
    method: str
    query_params: Annotated[tuple[_QueryParam, ...], BeforeValidator(_unless_schema)] = ()
    path_params: Any = None
    body_schema: Any = None
    response_schema: Any = None

    @field_validator("path")
    @classmethod
    def _rooted(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError(f"a path begins with '/': write {shown(f'/{value}')}")
        return value

    @field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.upper() not in METHODS:
            raise ValueError(f"a method is one of {', '.join(METHODS)}")
        return value.upper()


class EventPart(Part):
    """What an event step takes: topics, or one topic."""

    kind: ClassVar = "event"
    subscribes: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    topic: Text | None = None
    input: Any = None


class CronPart(Part):
    """When a cron step runs."""

    kind: ClassVar = "cron"
    cron: str
    timezone: str = ""
    catch_up: CatchUp = CatchUp.NONE
    overlap: Overlap = Overlap.SKIP

    @field_validator("cron")
    @classmethod
    def _parses(cls, value: str) -> str:
        from croniter import CroniterBadDateError, croniter  # it runs the program `file` when it is imported

        fields = value.split()
        known = len(fields) in _CRON_FIELDS and not any(map(_NO_CRON_FIELD.fullmatch, fields))
        if not known or not croniter.is_valid(value, second_at_beginning=True):
            raise ValueError(
                "not a cron expression: five fields such as '0 9 * * 1', six that begin with the seconds, "
                "or a name such as '@hourly'"
            )
        try:
            croniter(value, 0.0, second_at_beginning=True).get_next(float)
        except CroniterBadDateError as error:
            raise ValueError("this schedule never comes, such as a 31st of February") from error
        return value

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return known_timezone(value)


TriggerPart = ApiPart | EventPart | CronPart | StatePart | StreamPart
PARTS: Mapping[str, type[TriggerPart]] = {
    part.kind: part for part in (ApiPart, EventPart, CronPart, StatePart, StreamPart)
}
_ALL_KEYS = frozenset(key for part in PARTS.values() for key in known_keys(part))


class KindPart(Part):
    """The key that tells the kind of an item of `triggers`."""

    type: Literal["api", "event", "cron", "state", "stream"]


@lru_cache(maxsize=len(PARTS) + 1)
def key_advice(kind: str) -> Mapping[str, str]:
    """Advice by key for the keys that only other kinds of triggers have."""
    return {
        key: f"it belongs to {'an' if other in ('api', 'event') else 'a'} {other} trigger; remove it"
        for other, part in PARTS.items()
        if other != kind
        for key in known_keys(part)
    }


def read_triggers(reading: Reading, given: object, step_keys: Sequence[str]) -> tuple[Trigger, ...]:
    """The triggers of a config that lists them; what is wrong with one is noted, what stands twice counts once.

    `step_keys` are those that a config has beside its triggers.
    """
    path: ConfigPath = ("triggers",)
    if not isinstance(given, list | tuple) or not given:
        fix = "write triggers: [{ type: 'event', topic: 'order.created' }], or give the config a 'type'"
        reading.error(path, ": it is a list of triggers, with one at least", fix)
        return ()
    if len(given) > MAX_TRIGGERS:
        reading.error(path, f": {len(given)} triggers are more than {MAX_TRIGGERS}", "make several steps of them")
        return ()
    advice = dict.fromkeys(step_keys, "move it out of 'triggers' into the config itself: it is the step's")
    found: list[Trigger] = []
    for index, item in enumerate(given):
        found += _read_item(reading, item, (*path, index), index, advice)
    return _without_repeats(reading, found)


def _read_item(
    reading: Reading, item: object, path: ConfigPath, index: int, advice: Mapping[str, str]
) -> Sequence[Trigger]:
    if not isinstance(item, Mapping):
        reading.error(path, ": a trigger is a map", "write { type: 'event', topic: 'order.created' }")
        return ()
    kind = item.get("type")
    part = read_kind(reading, kind, path, tuple(PARTS), [str(key) for key in item])
    if part is None:
        return ()
    if item.get("middleware") is not None:  # to leave it out would open what it guards
        fix = "move it to config.middleware, which is for all api triggers of the step; it can look at ctx.trigger"
        reading.error((*path, "middleware"), ": a trigger has no middleware of its own", fix)
    else:
        reading.unknown_keys(item, path, (part, KindPart), {**advice, **key_advice(str(kind))})
    return read_trigger(reading, part, item, path, index)


def read_kind(
    reading: Reading, kind: object, path: ConfigPath, kinds: Sequence[str], keys: Sequence[str]
) -> type[TriggerPart] | None:
    """The model of a kind of trigger; None for what is none, which is noted, and for other `kinds`."""
    if isinstance(kind, str) and kind in kinds:
        return PARTS.get(kind)
    known = ", ".join(f"'{name}'" for name in kinds)
    if kind is None:
        nearest = difflib.get_close_matches("type", [key for key in keys if key not in _ALL_KEYS], n=1)
        fix = f"rename '{nearest[0]}' to 'type'" if nearest else f"add 'type', one of {known}"
        reading.error(path, " has no 'type'", fix)
    else:
        nearest = difflib.get_close_matches(shown(kind).strip("'"), kinds, n=1)
        fix = f"did you mean '{nearest[0]}'?" if nearest else f"it is one of {known}"
        reading.error((*path, "type"), f": {shown(kind)} is no kind of {'trigger' if path else 'step'}", fix)
    return None


def read_trigger(
    reading: Reading, model: type[TriggerPart], given: Mapping[Any, Any], path: ConfigPath, index: int
) -> tuple[Trigger, ...]:
    """The triggers that a map is: one, or one for each topic."""
    part = reading.part(model, given, path)
    match part:
        case ApiPart():
            return (_api(reading, part, given, path, index),)
        case EventPart():
            schema = reading.schema(part.input, (*path, "input"))
            return tuple(EventTrigger(topic, schema, index) for topic in _topics(reading, part, given, path))
        case CronPart():
            return (CronTrigger(part.cron, part.timezone, part.catch_up, part.overlap, index),)
        case StatePart():
            return (StateTrigger(part.group_id, part.key, part.on, index),)
        case StreamPart():
            return (StreamTrigger(part.stream_name, part.group_id, part.id, part.on, index),)
        case _:
            return ()


def _topics(reading: Reading, part: EventPart, given: Mapping[Any, Any], path: ConfigPath) -> tuple[str, ...]:
    if part.topic is not None and part.subscribes is not None:
        reading.error(path, " has both 'topic' and 'subscribes'", "remove 'topic', and add it to 'subscribes'")
        return ()
    if part.topic is not None:
        return (part.topic,)
    if part.subscribes is None:
        key = "topic" if path else "subscribes"
        reading.missing(key, path, [str(name) for name in given if name not in known_keys(EventPart)])
    return tuple(dict.fromkeys(part.subscribes or ()))


def _api(reading: Reading, part: ApiPart, given: Mapping[Any, Any], path: ConfigPath, index: int) -> ApiTrigger:
    params = tuple(
        QueryParam(
            param.name,
            param.description,
            param.required,
            reading.schema(param.shape, (*path, "queryParams", at, "schema")),
        )
        for at, param in enumerate(part.query_params)
    )
    foreign = _BRACES.search(part.path)
    if foreign is not None:
        fix = f"write ':{foreign[1]}' for a parameter"
        reading.warn((*path, "path"), f" has '{foreign[0]}', which is text like any other here", fix)
    query = given.get("queryParams")
    has_list = isinstance(query, list | tuple)
    return ApiTrigger(
        part.method,
        part.path,
        body_schema=reading.schema(part.body_schema, (*path, "bodySchema")),
        query_schema=_query_schema(params) if has_list else reading.schema(query, (*path, "queryParams")),
        path_schema=reading.schema(part.path_params, (*path, "pathParams")),
        response_schemas=_responses(reading, part.response_schema, (*path, "responseSchema")),
        query_params=params,
        index=index,
    )


def _responses(reading: Reading, given: object, path: ConfigPath) -> dict[str, JsonSchema]:
    """The schemas by status; one schema is for every status."""
    by_status = {str(key): schema for key, schema in given.items()} if isinstance(given, Mapping) else {}
    statuses = [key for key in by_status if _STATUS.fullmatch(key)]
    is_map = any(isinstance(schema, Taken) for schema in by_status.values())
    if given is not None and not statuses and not is_map and (by_status or not isinstance(given, Mapping)):
        by_status, statuses = {}, ["default"]
        found = {"default": reading.schema(given, path)}
    else:
        found = {status: _response(reading, by_status[status], (*path, status)) for status in statuses}
    for key in by_status.keys() - set(statuses):
        reading.warn((*path, key), " is no HTTP status and is ignored", "write a status such as 200, or 'default'")
    return {status: schema for status, schema in found.items() if schema is not None}


def _response(reading: Reading, given: object, path: ConfigPath) -> JsonSchema | None:
    """The schema of one status; any value fits where what is given is none, for the status is answered all the same."""
    schema = reading.schema(given, path)
    return True if schema is None and given is not None else schema


def _query_schema(params: Sequence[QueryParam]) -> JsonSchema | None:
    """The schema of the object of all parameters, None where there is nothing to check."""
    if not any(param.required or param.schema is not None for param in params):
        return None
    return {
        "type": "object",
        "properties": {
            param.name: True if param.schema is None else _moved(param.schema, f"#/properties/{_fragment(param.name)}")
            for param in params
        },
        "required": [param.name for param in params if param.required],
    }


def _fragment(key: str) -> str:
    return quote(token(key), safe="~")


def _moved(schema: Any, to: str) -> Any:
    """The schema as part of another, `to` being its place there: its references to itself lead to the new place."""
    if not isinstance(schema, Mapping) or "$id" in schema:
        return schema
    moved = inside(schema, lambda child, _: _moved(child, to))
    if names_to(moved.get("$ref")) is not None:
        moved["$ref"] = to + moved["$ref"][1:]
    return moved


def _without_repeats(reading: Reading, triggers: Sequence[Trigger]) -> tuple[Trigger, ...]:
    kept: dict[tuple[str, ...], Trigger] = {}
    for trigger in triggers:
        what, key = _identity(trigger)
        first = kept.setdefault((trigger.kind.value, *key), trigger)
        if first is not trigger:
            reading.warn(
                ("triggers", trigger.index),
                f": {what} is a trigger of this step already and is ignored",
                f"remove it here or from config.triggers[{first.index}]",
            )
    return tuple(kept.values())


def _identity(trigger: Trigger) -> tuple[str, tuple[str, ...]]:
    """What a trigger is called, and what tells it from the others of its step."""
    match trigger:
        case ApiTrigger():
            return f"{trigger.method} {trigger.path}", (trigger.method, route_shape(trigger.path))
        case EventTrigger():
            return f"the topic '{trigger.topic}'", (trigger.topic,)
        case CronTrigger():
            return f"the schedule '{trigger.expression}'", (trigger.expression, trigger.timezone)
        case StateTrigger() | StreamTrigger():
            watched = what_changes(trigger)
            return f"a change of {trigger.kind.value} '{watched}'", (watched,)


def route_shape(path: str) -> str:
    """The path without the names of its parameters: two paths of one shape are one route."""
    return "/".join(map(_part_shape, path.split("/"))).rstrip("/") or "/"


def _part_shape(part: str) -> str:
    if part == "*" or (part.startswith(":") and part.endswith("*")):
        return "*"
    return ":" if part.startswith(":") else part
