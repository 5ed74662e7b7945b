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
ValidatorMap = jsonschema_rs.ValidatorMap
Fault = jsonschema_rs.ValidationError
"""A place where a value does not fit; its message does not show the value."""


def compile_schema(schema: JsonSchema) -> Validator:
    """A validator that asserts formats. Raises `ValueError` for what is no schema of draft 2020-12.

    Patterns take time in proportion to the text, but for those with look-around, which only another engine knows;
    that one gives up, and the text does not fit, where a pattern goes back too often.
    """
    return _compile(schema)[0]


def compile_parts(schema: JsonSchema) -> ValidatorMap:
    """The validators of a schema and of all inside it, by the fragment of their place, such as "#/properties/name"."""
    given = schema if isinstance(schema, bool) else dict(schema)
    # It leaves out what does not compile, so the options must be those that the whole has compiled with.
    return jsonschema_rs.validator_map_for(given, **_compile(schema)[1])


def _compile(schema: JsonSchema) -> tuple[Validator, Mapping[str, Any]]:
    """The validator, and the options that it takes."""
    given = schema if isinstance(schema, bool) else dict(schema)
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
