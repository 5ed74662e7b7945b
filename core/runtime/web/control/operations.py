"""What a control route says of itself: every one is made with it, so that none is left out of the description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
VALUE: Schema = {"description": 'Any JSON value; bytes are {"$bytes": "<base64>"}.'}
JSON_SCHEMA: Schema = {"type": ["object", "boolean", "null"], "description": "A JSON Schema, null without one."}


def component(name: str) -> Schema:
    """A schema of `schemas.COMPONENTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(members: Mapping[str, Schema], optional: Sequence[str] = ()) -> Schema:
    """An object with these members and no others."""
    required = [name for name in members if name not in optional]
    found = {"type": "object", "properties": dict(members), "additionalProperties": False}
    return {**found, "required": required} if required else found


def extended(schema: Schema, members: Mapping[str, Schema]) -> Schema:
    """A shape with more members."""
    required = [*schema["required"], *members]
    return {**schema, "properties": {**schema["properties"], **members}, "required": required}


def many(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def words(*known: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(known)}


def page(name: str, item: Schema, following: Schema = TEXT) -> Schema:
    """A list with what to ask for the next page with, null after the last one."""
    return shape({name: many(item), "next": nullable(following)})


class Asked(NamedTuple):
    """A query parameter."""

    name: str
    about: str
    schema: Schema = TEXT
    is_required: bool = False


def named(name: str, about: str) -> Asked:
    """A parameter that there must be."""
    return Asked(name, about, TEXT, True)


LIMIT = Asked("limit", "How many are shown at most.", COUNT)


class Said(NamedTuple):
    """What a route does, takes and answers with; `body` is None where it reads none."""

    summary: str
    answer: Schema
    query: Sequence[Asked] = ()
    body: Schema | None = None
    media_type: str = "application/json"


class ControlRoute(Route):
    """A route of the control API."""

    def __init__(self, method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]], said: Said) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.method = method
        self.said = said
