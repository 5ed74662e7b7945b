"""What a JSON Schema says of values, as far as it can be seen without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from runtime.generate.embedding import plain_token
from runtime.jsonschemas import compile_schema
from runtime.model import JsonSchema

_MAX_LOOKED_AT = 64
"""Schemas that are looked at to see what one of them is; references may go round in circles."""


def members(root: JsonSchema | None) -> tuple[dict[str, JsonSchema], set[str]]:
    """The properties that the schema of an object names, and which of them it requires."""
    properties: dict[str, JsonSchema] = {}
    required: set[str] = set()
    for schema in _parts(root, root):
        properties.update(schema.get("properties", {}))
        required.update(schema.get("required", ()))
    return properties, required


def types(root: JsonSchema, schema: JsonSchema) -> frozenset[str]:
    """The JSON types that a schema names, its choices among them; none where it names none."""
    found: set[str] = set()
    for part in _parts(root, schema, ("allOf", "anyOf", "oneOf")):
        given = part.get("type", ())
        found.update([given] if isinstance(given, str) else given)
        values = [*part.get("enum", ()), *([part["const"]] if "const" in part else [])]
        found.update(map(_type_of, values))
    return frozenset(found)


def fits(schema: JsonSchema, value: object) -> bool:
    """True when the value fits the schema. Raises `ValueError` for what is no schema."""
    return compile_schema(schema).is_valid(value)


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    known = {str: "string", int: "number", float: "number", dict: "object", list: "array"}
    return known.get(type(value), "null")


def _parts(
    root: JsonSchema | None, schema: JsonSchema | None, keywords: tuple[str, ...] = ("allOf",)
) -> Iterator[Mapping[str, Any]]:
    """The schema, what it refers to, and those under the keywords."""
    open_schemas, seen = [schema], 0
    while open_schemas and seen < _MAX_LOOKED_AT:
        seen += 1
        each = open_schemas.pop()
        if isinstance(each, Mapping):
            yield each
            open_schemas += [item for keyword in keywords for item in each.get(keyword, ())]
            if isinstance(each.get("$ref"), str):
                open_schemas.append(_find(root, each["$ref"]))


def _find(root: JsonSchema | None, reference: str) -> Any:
    """What a local reference points to; None for one of another kind."""
    at: Any = root if reference.startswith("#") and reference[1:2] in ("", "/") else None
    for part in reference.split("/")[1:]:
        name = plain_token(unquote(part))
        if isinstance(at, list):
            at = at[int(name)] if name.isdecimal() and int(name) < len(at) else None
        else:
            at = at.get(name) if isinstance(at, Mapping) else None
    return at
