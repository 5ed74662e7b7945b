"""generate/draft07: what draft-07 reads of a newer schema means the same."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from runtime.generate.draft07 import to_draft_07


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a"], ["a", 1]),
        ({"prefixItems": [{"type": "string"}]}, ["a", 1], [1]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1, "b": 1}, {"a": 1}),
        ({"$ref": "#/$defs/A", "maximum": 5, "$defs": {"A": {"type": "integer"}}}, 5, 6),
        ({"$ref": "#/$defs/A", "maximum": 5, "$defs": {"A": {"type": "integer"}}}, 5, 1.5),
        ({"properties": {"a": {"prefixItems": [{"type": "string"}]}}}, {"a": ["x"]}, {"a": [1]}),
        ({"items": {"$ref": "#/allOf/0"}, "allOf": [{"minItems": 1}]}, [[1]], [[]]),
    ],
)
def test_a_schema_means_the_same_in_draft_07(schema: dict[str, Any], good: Any, bad: Any) -> None:
    newer, older = jsonschema_rs.Draft202012Validator(schema), jsonschema_rs.Draft7Validator(to_draft_07(schema))
    assert newer.is_valid(good)
    assert older.is_valid(good)
    assert not newer.is_valid(bad)
    assert not older.is_valid(bad)


def test_the_discriminator_of_openapi_is_left_out() -> None:
    assert to_draft_07({"discriminator": {"propertyName": "kind"}, "oneOf": [True]}) == {"oneOf": [True]}
