"""Texts of queries, paths and forms, read as the types that a schema asks for, so that it can be held against them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.model import JsonSchema

_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_MAX_PARTS = 64
"""References and alternatives that are looked at for one value; more count for nothing."""
_BOOLEANS = {"true": True, "false": False}
_NAMES: Mapping[type, str] = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}


def read_texts(value: object, schema: JsonSchema, root: JsonSchema) -> Any:
    """The value with its texts read by the schema's types; what cannot be read so stays a text.

    A single text becomes a list where only a list fits. `root` is the document that references point into.
    """
    parts = _parts(schema, root)
    types = {name for part in parts for name in _types(part)}
    if isinstance(value, str):
        if "array" in types and "string" not in types:
            return _read_list([value], parts, root)
        return _read_text(value, types)
    if isinstance(value, list):
        return _read_list(value, parts, root)
    if isinstance(value, Mapping):
        return {key: _read_key(key, item, parts, root) for key, item in value.items()}
    return value


def _read_text(text: str, types: set[str]) -> Any:
    if not types or "string" in types:
        return text
    if types & {"integer", "number"} and _NUMBER.fullmatch(text):
        return float(text) if any(sign in text for sign in ".eE") else int(text)
    if "boolean" in types and text in _BOOLEANS:
        return _BOOLEANS[text]
    return None if "null" in types and text in ("", "null") else text


def _read_list(items: list[object], parts: list[Mapping[str, Any]], root: JsonSchema) -> list[Any]:
    schema = next((part["items"] for part in parts if "items" in part), True)
    return [read_texts(item, schema, root) for item in items]


def _read_key(key: object, value: object, parts: list[Mapping[str, Any]], root: JsonSchema) -> Any:
    for part in parts:
        properties = part.get("properties", {})
        if key in properties:
            return read_texts(value, properties[key], root)
    schema = next((part["additionalProperties"] for part in parts if "additionalProperties" in part), True)
    return read_texts(value, schema, root)


def _parts(schema: JsonSchema, root: JsonSchema) -> list[Mapping[str, Any]]:
    """The schema and those that it refers to or that stand beside it for the same value."""
    parts: list[Mapping[str, Any]] = []
    waiting: list[JsonSchema | None] = [schema]
    while waiting and len(parts) < _MAX_PARTS:
        part = waiting.pop(0)
        if isinstance(part, Mapping) and not any(part is known for known in parts):
            parts.append(part)
            waiting.append(resolve(part.get("$ref"), root))
            waiting += [*part.get("allOf", ()), *part.get("anyOf", ()), *part.get("oneOf", ())]
    return parts


def resolve(reference: object, root: JsonSchema) -> JsonSchema | None:
    """The schema that a local reference such as '#/$defs/Name' names; None for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Any = root
    for name in reference.split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, Mapping) and key in found:
            found = found[key]
        else:
            return None
    return found if isinstance(found, Mapping | bool) else None


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    types = schema.get("type")
    if isinstance(types, str):
        yield types
    elif isinstance(types, list):
        yield from types
    elif "const" in schema:
        yield _NAMES.get(type(schema["const"]), "")
    elif "enum" in schema:
        yield from (_NAMES.get(type(option), "") for option in schema["enum"])
