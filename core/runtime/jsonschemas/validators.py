"""Validators of JSON Schemas of draft 2020-12, and values as messages show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from runtime.jsonschemas.places import pointer
from runtime.model import JsonSchema

_MAX_SHOWN = 60
"""Characters of a value that a message shows."""
_MASK = "the value"
_MAX_BACKTRACKS = 100_000
"""Steps that a pattern with look-around may go back for one text before the text is refused."""

Validator = jsonschema_rs.Validator


def compile_schema(schema: JsonSchema) -> Validator:
    """A validator that asserts formats. Raises `ValueError` for what is no schema of draft 2020-12.

    Patterns take time in proportion to the text, but for those with look-around, which only another engine knows;
    that one gives up, and the text does not fit, where a pattern goes back too often.
    """
    return _compile(schema)[0]


def compile_members(members: Mapping[str, JsonSchema], uri: str, root: JsonSchema) -> Validator:
    """A validator of maps with these members, whose schemas may refer to the places of `root` under the URI.

    Raises `ValueError` for what is no schema of draft 2020-12.
    """
    registry = jsonschema_rs.Registry([(uri, _plain(root))], draft=jsonschema_rs.Draft202012)
    # The whole is compiled anew only to tell which engine its patterns ask for.
    return jsonschema_rs.Draft202012Validator({"properties": dict(members)}, registry=registry, **_compile(root)[1])


def _compile(schema: JsonSchema) -> tuple[Validator, Mapping[str, Any]]:
    """The validator, and the options that it takes."""
    given = _plain(schema)
    common: dict[str, Any] = {"validate_formats": True, "offline": True, "mask": _MASK}
    linear = {**common, "pattern_options": jsonschema_rs.RegexOptions()}
    try:
        return jsonschema_rs.Draft202012Validator(given, **linear), linear
    except jsonschema_rs.ValidationError as error:
        if error.instance_path[-1:] not in (["pattern"], ["patternProperties"]):
            raise ValueError(_explain(error)) from error
    bounded = {**common, "pattern_options": jsonschema_rs.FancyRegexOptions(backtrack_limit=_MAX_BACKTRACKS)}
    try:
        return jsonschema_rs.Draft202012Validator(given, **bounded), bounded
    except jsonschema_rs.ValidationError as error:
        raise ValueError(_explain(error)) from error


def _plain(schema: JsonSchema) -> dict[str, Any] | bool:
    return schema if isinstance(schema, bool) else dict(schema)


def _explain(error: jsonschema_rs.ValidationError) -> str:
    if error.kind.name == "$ref":
        return f"{error.message}; a schema may only refer to what is in it, such as '#/$defs/Name'"
    place = pointer(error.instance_path)
    shown = shortened(error.instance)
    reason = f"{shown} is not known" if error.kind.name == "anyOf" else error.message.replace(_MASK, shown)
    return f"it is no JSON Schema{f' at {place}' if place else ''}: {reason}"


def shortened(value: object) -> str:
    """A value as JSON for a message, cut off where it is long."""
    if isinstance(value, str):
        return json.dumps(value[:_MAX_SHOWN], ensure_ascii=False) + ("…" if len(value) > _MAX_SHOWN else "")
    if isinstance(value, Mapping | list):
        return "a map" if isinstance(value, Mapping) else "a list"
    return json.dumps(value, ensure_ascii=False, default=str)[:_MAX_SHOWN]
