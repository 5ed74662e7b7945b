"""`/__runtime/api.json`: the control API as an OpenAPI document, made of what each of its routes says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runtime import __version__
from runtime.web.control.answers import PREFIX
from runtime.web.control.operations import Asked, ControlRoute, Said
from runtime.web.control.schemas import COMPONENTS

API_PATH = f"{PREFIX}/api.json"
_SAID = Said("This description, an OpenAPI document.", {"type": "object"})
_TOKEN = (
    "In dev the token is that of .runtime/control.json, in start control.token. Reading queues, schedules, runners "
    "and this description needs none in dev."
)
_REFUSED = {
    "description": "What was wrong.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
}


def with_reference(routes: Sequence[ControlRoute]) -> list[ControlRoute]:
    """The routes, and one that describes them and itself."""

    async def show(request: Request) -> Response:
        return JSONResponse(document)

    every = [*routes, ControlRoute("GET", API_PATH, show, _SAID)]
    document = described(every)
    return every


def described(routes: Sequence[ControlRoute]) -> dict[str, Any]:
    """The document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The control API of a runtime", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _TOKEN}},
        },
        "security": [{"token": []}],
    }


def _operation(route: ControlRoute) -> Mapping[str, Any]:
    said = route.said
    answer = {"description": "Done.", "content": {said.media_type: {"schema": said.answer}}}
    found: dict[str, Any] = {
        "summary": said.summary,
        "operationId": f"{route.method.lower()} {route.path.removeprefix(PREFIX)}",
        "parameters": [_parameter(asked) for asked in said.query],
        "responses": {"200": answer, "default": _REFUSED},
    }
    if said.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": said.body}}}
    return found


def _parameter(asked: Asked) -> Mapping[str, Any]:
    return {
        "name": asked.name,
        "in": "query",
        "description": asked.about,
        "required": asked.is_required,
        "schema": asked.schema,
    }
