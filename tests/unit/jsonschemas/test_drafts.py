"""Older drafts, OpenAPI's words and Pydantic's schemas become draft 2020-12, and mean what they meant."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema_rs
import pytest

from runtime.jsonschemas.drafts import to_2020_12
from runtime.jsonschemas.validators import compile_schema

DRAFT = "http://json-schema.org/draft-0{}/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
STRING = {"type": "string"}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/definitions/node"}}, "required": ["value"]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, True),
        ({}, {}),
        ({"$schema": DRAFT_2020, "type": "string"}, STRING),
        ({"definitions": {"a": STRING}, "$ref": "#/definitions/a"}, {"$defs": {"a": STRING}, "$ref": "#/$defs/a"}),
        (
            {"definitions": {"a/b c": STRING}, "$ref": "#/definitions/a~1b%20c"},
            {"$defs": {"a/b c": STRING}, "$ref": "#/$defs/a~1b%20c"},
        ),
        ({"items": [STRING]}, {"prefixItems": [STRING]}),
        ({"items": [STRING], "additionalItems": False}, {"prefixItems": [STRING], "items": False}),
        ({"items": [], "additionalItems": STRING}, {"items": STRING}),
        ({"items": STRING, "additionalItems": False}, {"items": STRING}),
        (
            {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
        ),
        (
            {"dependencies": {"a": ["b"]}, "dependentRequired": {"c": ["d"]}},
            {"dependentRequired": {"c": ["d"], "a": ["b"]}},
        ),
        ({"definitions": {"a": STRING}, "$defs": {"b": {}}}, {"$defs": {"a": STRING, "b": {}}}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"minimum": 1, "exclusiveMinimum": 2}, {"minimum": 1, "exclusiveMinimum": 2}),
        ({"$schema": DRAFT.format(4), "id": "urn:a"}, {"$id": "urn:a"}),
        ({"$schema": DRAFT.format(7), "$id": "#a", "type": "string"}, {"$anchor": "a", "type": "string"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "nullable": False}, STRING),
        (
            {"$ref": "#/definitions/a", "nullable": True, "title": "A", "definitions": {"a": STRING}},
            {"title": "A", "$defs": {"a": STRING}, "anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]},
        ),
        ({"properties": {"definitions": {"type": "string", "nullable": True}}}, None),
        ({"enum": [{"definitions": {}, "nullable": True}], "default": {"items": [1]}}, None),
        (
            {"$schema": DRAFT.format(7), "$ref": "#", "type": "strin", "description": "d"},
            {"$ref": "#", "description": "d"},
        ),
        (
            {"$schema": DRAFT_2019, "$recursiveAnchor": True, "items": {"$recursiveRef": "#"}},
            {"items": {"$ref": "#"}},
        ),
    ],
)
def test_what_older_drafts_say_is_said_in_2020_12(given: Any, expected: Any) -> None:
    before = copy.deepcopy(given)
    upgraded = to_2020_12(given)
    if expected is None:
        expected = {"properties": {"definitions": {"type": ["string", "null"]}}} if "properties" in given else given
    assert upgraded == expected
    assert given == before


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        (
            {"properties": {"a": {"items": [STRING]}, "b": {"$ref": "#/properties/a/items/0"}}},
            "#/properties/a/prefixItems/0",
        ),
        ({"items": [{}], "additionalItems": STRING, "properties": {"b": {"$ref": "#/additionalItems"}}}, "#/items"),
        (
            {"properties": {"definitions": STRING, "b": {"$ref": "#/properties/definitions"}}},
            "#/properties/definitions",
        ),
        (
            {"dependencies": {"x": STRING}, "properties": {"b": {"$ref": "#/dependencies/x"}}},
            "#/dependentSchemas/x",
        ),
        (
            {"components": {"schemas": {"x": STRING}}, "properties": {"b": {"$ref": "#/components/schemas/x"}}},
            "#/components/schemas/x",
        ),
    ],
)
def test_references_follow_what_has_moved(given: dict[str, Any], reference: str) -> None:
    upgraded: Any = to_2020_12(given)
    assert upgraded["properties"]["b"] == {"$ref": reference}
    validator = compile_schema(upgraded)
    assert validator.is_valid({"b": "text"}) and not validator.is_valid({"b": 1})


def test_a_reference_inside_a_schema_with_an_id_is_local_to_it() -> None:
    inner = {"$id": "urn:inner", "definitions": {"a": STRING}, "items": {"$ref": "#/definitions/a"}}
    upgraded: Any = to_2020_12({"$schema": DRAFT.format(7), "properties": {"list": inner}})
    assert upgraded["properties"]["list"]["items"] == {"$ref": "#/$defs/a"}
    assert not compile_schema(upgraded).is_valid({"list": [1]})


@pytest.mark.parametrize("draft", [DRAFT.format(4), DRAFT.format(6), DRAFT.format(7), DRAFT_2019, DRAFT_2020, None])
def test_a_recursive_schema_means_the_same_in_every_draft(draft: str | None) -> None:
    node = {"definitions": {"node": {**NODE, "properties": {**NODE["properties"], "value": STRING}}}}  # type: ignore[dict-item]
    schema: dict[str, Any] = {"$ref": "#/definitions/node", **node}
    validator = compile_schema(to_2020_12({**schema, **({"$schema": draft} if draft else {})}))
    assert validator.is_valid({"value": "a", "next": {"value": "b"}})
    assert not validator.is_valid({"value": "a", "next": {}})


def test_pydantic_schemas_stay_as_they_are() -> None:
    given = {
        "$defs": {"Item": {"properties": {"price": {"type": "number"}}, "required": ["price"], "type": "object"}},
        "properties": {"items": {"items": {"$ref": "#/$defs/Item"}, "type": "array"}},
        "type": "object",
    }
    assert to_2020_12(given) == given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (7, "a map, not a int"),
        (None, "a map"),
        ({"type": "strin"}, 'at /type: "strin" is not known'),
        ({"properties": {"a": {"required": True}}}, "at /properties/a/required"),
        ({"$ref": "https://example.com/a.json"}, "may only refer to what is in it"),
        ({"$ref": "other.json#/a"}, "may only refer to what is in it"),
        ({"$ref": "#/$defs/none"}, "may only refer to what is in it"),
        ({"pattern": "("}, "pattern"),
        ({"patternProperties": {"(": {}}}, "patternProperties"),
        ({"definitions": {"a": STRING}, "$defs": {"a": {}}}, "both 'definitions' and '\\$defs'"),
        ({"definitions": []}, "'definitions' of the schema is no map"),
        ({"dependencies": []}, "'dependencies' of the schema is no map"),
        ({"definitions": {}, "$defs": None}, "'\\$defs' of the schema is no map"),
        ({"dependencies": {"a": []}, "dependentRequired": None}, "'dependentRequired' of the schema is no map"),
        ({"allOf": {}}, "allOf"),
    ],
)
def test_what_is_no_schema_is_refused_plainly(given: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        to_2020_12(given)


def test_a_schema_that_nests_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(ValueError, match="nests more than 100 deep"):
        to_2020_12(schema)


def test_formats_are_asserted() -> None:
    assert not compile_schema({"format": "email"}).is_valid("nobody")


def test_no_pattern_takes_time_without_end() -> None:
    text = "a" * 100_000 + "!"
    assert not compile_schema({"pattern": "^(a+)+$"}).is_valid(text)
    errors = compile_schema({"pattern": "^(?=(a|a)*$)(a|a)*\\1b"}).iter_errors(text)
    assert [type(error) for error in errors] == [jsonschema_rs.ValidationError]
