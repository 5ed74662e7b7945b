"""Texts of queries, paths and forms, read as the types that a schema asks for, so that it can be held against them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from runtime.jsonschemas.facts import parts, types
from runtime.model import JsonSchema

_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def read_texts(value: object, schema: JsonSchema, root: JsonSchema) -> Any:
    """The value with its texts read by the schema's types; what cannot be read so stays a text.

    A single text becomes a list where only a list fits. `root` is the document that references point into.
    """
    found = parts(root, schema)
    if isinstance(value, str):
        wanted = types(root, schema)
        if "array" in wanted and "string" not in wanted:
            return _read_list([value], found, root)
        return _read_text(value, wanted)
    if isinstance(value, list):
        return _read_list(value, found, root)
    if isinstance(value, Mapping):
        return {key: _read_key(key, item, found, root) for key, item in value.items()}
    return value


def _read_text(text: str, wanted: Collection[str]) -> Any:
    if not wanted or "string" in wanted:
        return text
    if ("integer" in wanted or "number" in wanted) and _NUMBER.fullmatch(text):
        return float(text) if any(sign in text for sign in ".eE") else int(text)
    if "boolean" in wanted and text in _BOOLEANS:
        return _BOOLEANS[text]
    return None if "null" in wanted and text in ("", "null") else text


def _read_list(items: list[object], found: list[Mapping[str, Any]], root: JsonSchema) -> list[Any]:
    schema = next((part["items"] for part in found if "items" in part), True)
    return [read_texts(item, schema, root) for item in items]


def _read_key(key: object, value: object, found: list[Mapping[str, Any]], root: JsonSchema) -> Any:
    for part in found:
        properties = part.get("properties", {})
        if key in properties:
            return read_texts(value, properties[key], root)
    schema = next((part["additionalProperties"] for part in found if "additionalProperties" in part), True)
    return read_texts(value, schema, root)
