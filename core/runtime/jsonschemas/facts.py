"""What a JSON Schema says of values, as far as it can be seen without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.jsonschemas.places import referred
from runtime.model import JsonSchema

CHOICES = ("allOf", "anyOf", "oneOf")
_MAX_PARTS = 64
"""Schemas that are looked at to see what one of them is; references may go round in circles."""


def members(root: JsonSchema | None) -> tuple[dict[str, JsonSchema], set[str]]:
    """The properties that the schema of an object names, and which of them it requires."""
    properties: dict[str, JsonSchema] = {}
    required: set[str] = set()
    for schema in parts(root, root, ("allOf",)):
        properties.update(schema.get("properties", {}))
        required.update(schema.get("required", ()))
    return properties, required


def types(root: JsonSchema, schema: JsonSchema) -> frozenset[str]:
    """The JSON types that a schema names, its choices among them; none where it names none."""
    found: set[str] = set()
    for each in parts(root, schema):
        given = each.get("type", ())
        found.update([given] if isinstance(given, str) else given)
        values = [*each.get("enum", ()), *([each["const"]] if "const" in each else [])]
        found.update(map(_type_of, values))
    return frozenset(found)


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    known = {str: "string", int: "number", float: "number", dict: "object", list: "array"}
    return known.get(type(value), "null")


def parts(
    root: JsonSchema | None, schema: JsonSchema | None, keywords: tuple[str, ...] = CHOICES
) -> list[Mapping[str, Any]]:
    """The schema, what it refers to, and those under the keywords: all that say something of the same value."""
    found: list[Mapping[str, Any]] = []
    waiting: list[Any] = [schema]
    for each in waiting:
        if len(found) == _MAX_PARTS:
            break
        if isinstance(each, Mapping) and not any(each is known for known in found):
            found.append(each)
            waiting.append(referred(root, each.get("$ref")))
            waiting += [item for keyword in keywords for item in each.get(keyword, ())]
    return found
