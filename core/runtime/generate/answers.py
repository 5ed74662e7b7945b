"""The answers of a route -> the responses of an operation, and the components that all operations share."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from runtime.generate.embedding import PREFIX, Components
from runtime.jsonschemas.facts import types
from runtime.model import ApiTrigger, JsonSchema

_JSON, _PROBLEM, _TEXT = "application/json", "application/problem+json", "text/*"
_TRACE = {"X-Trace-Id": {"$ref": "#/components/headers/TraceId"}}
_BODILESS = ("204", "304")
_UNDESCRIBED = "The step does not describe its answers."

SCHEMAS: Mapping[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong with a request, or why it was not carried out (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": f"{PREFIX}Violation"}},
        },
    },
    "Violation": {
        "type": "object",
        "description": "A place where a request does not fit its schema.",
        "required": ["in", "pointer", "message"],
        "properties": {
            "in": {"type": "string", "description": "Which part of the request: body, query or path."},
            "pointer": {"type": "string", "description": "JSON pointer of the place; empty for the part itself."},
            "message": {"type": "string"},
        },
    },
    "InternalServerError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"const": "Internal server error"}},
    },
}
"""The document's own schemas."""


def _error(description: str, media_type: str, schema: str, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content = {media_type: {"schema": {"$ref": PREFIX + schema}}}
    return {"description": description, "headers": {**_TRACE, **(headers or {})}, "content": content}


_ERRORS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "400": ("BadRequest", _error("The request cannot be read or does not fit its schema.", _PROBLEM, "Problem")),
    "413": ("ContentTooLarge", _error("The body is larger than the server takes.", _PROBLEM, "Problem")),
    "500": ("InternalServerError", _error("The handler failed.", _JSON, "InternalServerError")),
    "502": ("BadGateway", _error("The process that ran the handler was lost.", _PROBLEM, "Problem")),
    "503": (
        "ServiceUnavailable",
        _error(
            "No process was free to run the handler.",
            _PROBLEM,
            "Problem",
            {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
        ),
    ),
    "504": ("GatewayTimeout", _error("The handler took too long.", _PROBLEM, "Problem")),
}

COMPONENTS: Mapping[str, Any] = {
    "responses": dict(sorted(_ERRORS.values())),
    "headers": {
        "RetryAfter": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
        "TraceId": {
            "description": "What logs and traces of this request are found by.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
    },
}
"""What every document has in common beside its schemas."""


def answers(trigger: ApiTrigger, components: Components, name: str, *, has_body: bool) -> dict[str, Any]:
    """The responses by status: those that the step describes, and those that the server gives in its place."""
    described = trigger.response_schemas
    content = {status: _content(described[status], components, f"{name}Response{status}") for status in described}
    found = {status: _answer(status, described[status], content[status]) for status in described}
    if not described:
        plain = {"description": _UNDESCRIBED, "headers": _TRACE}
        found |= {"200": plain, "default": plain}
    for status, (component, error) in _ERRORS.items():
        if status == "413" and not has_body:
            continue
        own = content.get(status, content.get("default"))
        found[status] = {"$ref": f"#/components/responses/{component}"} if own is None else _joined(error, own)
    if trigger.method == "HEAD":
        found = {status: _without_content(status, answer) for status, answer in found.items()}
    return dict(sorted(found.items()))


def _content(schema: JsonSchema, components: Components, name: str) -> dict[str, Any]:
    """A text is sent as one, everything else as JSON."""
    reference = components.reference(name, schema)
    kinds = types(schema, schema)
    media_types = [_JSON] if kinds != {"string"} else []
    return {media_type: {"schema": reference} for media_type in [*media_types, *([_TEXT] if "string" in kinds else [])]}


def _answer(status: str, schema: JsonSchema, content: dict[str, Any]) -> dict[str, Any]:
    description = schema.get("description") if isinstance(schema, Mapping) else None
    if not isinstance(description, str) or not description:
        description = _phrase(status)
    answer: dict[str, Any] = {"description": description, "headers": _TRACE}
    return answer if status in _BODILESS else {**answer, "content": content}


def _phrase(status: str) -> str:
    if status == "default":
        return "Any other answer."
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:  # a status that no standard names
        return f"Status {status}"


def _joined(error: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A status that both the step and the server answer with."""
    content = dict(own)
    for media_type, theirs in error["content"].items():
        mine = content.get(media_type)
        content[media_type] = {"schema": {"anyOf": [mine["schema"], theirs["schema"]]}} if mine else theirs
    return {**error, "content": content}


def _without_content(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer to HEAD, which never has a body."""
    full = _ERRORS[status][1] if "$ref" in answer else answer
    return {key: value for key, value in full.items() if key != "content"}
