"""jsonschemas.facts: what can be seen of a schema without a value."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.jsonschemas.facts import members, types
from tests.unit.generate.catalogs import NODE


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "string"}, {"string"}),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"enum": ["a", 1, None, True, [], {}]}, {"string", "number", "null", "boolean", "array", "object"}),
        ({"const": "a"}, {"string"}),
        ({"anyOf": [{"type": "array"}, {"oneOf": [{"type": "null"}]}]}, {"array", "null"}),
        ({"allOf": [{"type": "object"}]}, {"object"}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}}, {"string"}),
        (NODE, {"object"}),
        ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, {"null"}),
        ({"$ref": "https://example.com/other"}, set()),
        ({"$ref": "#/$defs/none"}, set()),
        ({"format": "uuid"}, set()),
        (True, set()),
    ],
)
def test_the_types_that_a_schema_names(schema: Any, found: set[str]) -> None:
    assert types(schema, schema) == found


def test_the_members_of_an_object() -> None:
    base = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    schema = {"allOf": [{"$ref": "#/$defs/Base"}], "properties": {"b": True}, "$defs": {"Base": base}}
    properties, required = members(schema)
    assert properties == {"a": {"type": "string"}, "b": True}
    assert required == {"a"}


@pytest.mark.parametrize("schema", [None, True, {}, {"$ref": "#"}])
def test_a_schema_that_names_no_members_has_none(schema: Any) -> None:
    assert members(schema) == ({}, set())
