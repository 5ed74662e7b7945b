"""services/violations: where a value does not fit, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.services.violations import MAX_VIOLATIONS, Check

ITEM = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
ORDER = {"type": "object", "properties": {"items": {"type": "array", "items": ITEM}}, "required": ["items"]}
NOT_HELD = "has no item, or not as many as it must, of the kind that it must hold"


def told(schema: Any, value: Any) -> list[str]:
    return [f"{misfit.pointer}: {misfit.message}" for misfit in Check(schema).misfits(value)]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (ORDER, {"items": [{"price": 1}, {}]}, ["/items/1: 'price' is missing"]),
        (ORDER, {"items": [{"price": "abc"}]}, ['/items/0/price: must be a number, is "abc"']),
        (ORDER, [], [": must be a map, is a list"]),
        ({"type": ["integer", "null"]}, "x", [': must be a whole number or null, is "x"']),
        ({"type": "string"}, {"a": 1}, [": must be a text, is a map"]),
        ({"type": "string"}, None, [": must be a text, is null"]),
        ({"type": "boolean"}, "x" * 100, [f': must be a boolean, is "{"x" * 60}"…']),
        ({"additionalProperties": False}, {"q": 1}, [": must have no keys"]),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"q": 1}, [": has the unknown key 'q'"]),
        (
            {"properties": {"x": {}}, "additionalProperties": False},
            dict.fromkeys("abcdefg"),
            [": has the unknown keys 'a', 'b', 'c', 'd', 'e' and 2 more"],
        ),
        ({"format": "email"}, "nobody", [': must be of the format email, is "nobody"']),
        ({"enum": ["a", 1]}, "c", [': must be one of "a", 1, is "c"']),
        ({"const": "a"}, "c", [': must be exactly "a", is "c"']),
        ({"minimum": 3}, 1, [": must be at least 3, is 1"]),
        ({"maximum": 3}, 4, [": must be at most 3, is 4"]),
        ({"exclusiveMinimum": 3}, 3, [": must be greater than 3, is 3"]),
        ({"exclusiveMaximum": 3}, 3, [": must be less than 3, is 3"]),
        ({"multipleOf": 0.5}, 0.3, [": must be a multiple of 0.5, is 0.3"]),
        ({"minLength": 8}, "secret", [": must have at least 8 characters, has 6"]),
        ({"maxLength": 1}, "ab", [": must have at most 1 character, has 2"]),
        ({"minItems": 1}, [], [": must have at least 1 item, has 0"]),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, [": must have at most 1 key, has 2"]),
        ({"pattern": "^a$"}, "secret", [': must match the pattern "^a$"']),
        ({"uniqueItems": True}, [1, 1], [": must not hold the same item twice"]),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            [": has a key that is not allowed: must have at most 1 character, has 2"],
        ),
        ({"properties": {"a": False}}, {"a": 1}, ["/a: must not be there"]),
        ({"not": {"type": "string"}}, "a", [": is of a kind that is not allowed"]),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, [], [": must be a text or a number, is a list"]),
        ({"anyOf": [ITEM, {"type": "null"}]}, {}, [": 'price' is missing"]),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, [": fits more than one of the alternatives"]),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, [": fits none of the alternatives"]),
        ({"properties": {"a/b~": {"type": "string"}}}, {"a/b~": 1}, ["/a~1b~0: must be a text, is 1"]),
    ],
)
def test_messages(schema: Any, value: Any, expected: list[str]) -> None:
    assert told(schema, value) == expected


def test_the_alternative_that_was_meant_is_told_by_its_constant() -> None:
    card = {"properties": {"by": {"const": "card"}, "number": {"type": "string"}}, "required": ["by", "number"]}
    cash = {"properties": {"by": {"const": "cash"}}, "required": ["by"]}
    assert told({"oneOf": [card, cash]}, {"by": "card", "number": 7}) == ["/number: must be a text, is 7"]


def test_what_fits_has_no_violations() -> None:
    assert told(ORDER, {"items": [{"price": 1}]}) == []
    assert told(True, {"a": 1}) == []


def test_there_is_a_most_that_is_told() -> None:
    assert len(told({"items": {"type": "string"}}, [1] * 100)) == MAX_VIOLATIONS
    assert len(told({"items": {"type": "string"}}, [1] * 100_000)) == MAX_VIOLATIONS


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            ORDER,
            {"items": [{"price": 1}] * 50_000 + [{"price": "x"}]},
            ['/items/50000/price: must be a number, is "x"'],
        ),
        (ORDER, {"items": [], "rest": "x" * 100_000}, []),
        ({**ORDER, "required": ["id"]}, {"items": [{"price": 1}] * 50_000}, [": 'id' is missing"]),
        (
            {"$ref": "#/$defs/o", "$defs": {"o": ORDER}},
            {"items": [{}] + [{"price": 1}] * 9000},
            ["/items/0: 'price' is missing"],
        ),
        (
            {"anyOf": [ORDER, {"type": "null"}]},
            {"items": [{}] + [{"price": 1}] * 9000},
            ["/items/0: 'price' is missing"],
        ),
        ({"allOf": [ORDER, {}]}, {"items": [{}] + [{"price": 1}] * 9000}, ["/items/0: 'price' is missing"]),
        ({"prefixItems": [{"type": "string"}]}, [1] * 9000, ["/0: must be a text, is 1"]),
        (
            {"additionalProperties": ITEM},
            {str(at): {} if at == 7 else {"price": 1} for at in range(9000)},
            ["/7: 'price' is missing"],
        ),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": [0] * 9000, "b": 1},
            [": has the unknown key 'b'"],
        ),
        ({"maxItems": 5}, [0] * 9000, [": must have at most 5 items, has 9000"]),
        ({"uniqueItems": True}, [0] * 9000, [": must not hold the same item twice"]),
        ({"maxLength": 5}, "x" * 9000, [": must have at most 5 characters, has 9000"]),
        ({"allOf": [{"$ref": "#"}], "uniqueItems": True}, [0] * 9000, [": must not hold the same item twice"]),
    ],
)
def test_large_values_are_searched_member_by_member(schema: Any, value: Any, expected: list[str]) -> None:
    assert told(schema, value) == expected


def test_a_large_value_with_many_faults_is_told_in_little_time() -> None:
    schema = {"required": [f"k{number}" for number in range(100)], "additionalProperties": {"type": "array"}}
    value = {"a": [{"price": 1.5, "name": "x" * 20}] * 100_000}
    assert len(told(schema, value)) == MAX_VIOLATIONS


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [": 'b' is missing"]),
        ({"contains": {"type": "string"}, "minContains": 2}, ["a", 1], [f": {NOT_HELD}"]),
        ({"contains": {"type": "string"}, "minContains": 0}, [], []),
        ({"contains": {"type": "string"}, "maxContains": 1}, ["a", "b"], [f": {NOT_HELD}"]),
        ({"patternProperties": {"^n": {"type": "number"}}}, {"name": "x"}, ['/name: must be a number, is "x"']),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, [": 'b' is missing"]),
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, {}, [": 'b' is missing"]),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, [": 'b' is missing"]),
        ({"prefixItems": [{}], "items": False}, [1, 2], ["/1: must not be there"]),
        (
            {
                "allOf": [{"properties": {"a": {}}}],
                "anyOf": [{"properties": {"b": {}}}],
                "unevaluatedProperties": False,
            },
            {"a": 1, "b": 2, "c": 3},
            [": has the unknown key 'c'"],
        ),
        ({"unevaluatedProperties": {"type": "string"}}, {"a": 1}, [": does not fit its schema"]),
        ({"properties": {"a": {"$ref": "#n"}}, "$defs": {"n": {"$anchor": "n", "minimum": 1}}}, {"a": 0},
         ["/a: must be at least 1, is 0"]),
        (False, 1, [": must not be there"]),
    ],
)  # fmt: skip
def test_messages_of_what_is_applied(schema: Any, value: Any, expected: list[str]) -> None:
    assert told(schema, value) == expected


def test_a_large_value_that_nests_is_not_gone_through_at_every_depth() -> None:
    schema: Any = {"properties": {"in": {"$ref": "#"}}, "additionalProperties": {"items": {"type": "integer"}}}
    value: Any = {"list": [*range(10_000), "x"]}
    for _ in range(100):
        value = {"in": value}
    (misfit,) = Check(schema).misfits(value)
    assert misfit.message == "does not fit its schema"
    assert misfit.pointer == "/in" * 8


def test_what_is_no_json_is_looked_at_as_texts() -> None:
    schema = {"type": "object", "properties": {"data": {"type": "string", "maxLength": 2}}}
    assert told(schema, {"data": b"ab"}) == []
    assert told(schema, {"data": b"abc"}) == ["/data: must have at most 2 characters, has 3"]
    assert told(schema, {1: "a", "data": "\ud800"}) == []


def test_a_pattern_that_goes_back_too_often_refuses_the_text() -> None:
    (message,) = told({"pattern": "^(?=(a|a)*$)(a|a)*\\1b"}, "a" * 50_000)
    assert message.startswith(": must match the pattern ")


def test_a_long_value_is_searched_where_references_are_percent_encoded() -> None:
    schema = {"$ref": "#/$defs/My%20Type", "$defs": {"My Type": {"type": "array", "items": {"type": "integer"}}}}
    (misfit,) = Check(schema).misfits([*range(10_000), "x"])
    assert misfit.pointer == "/10000"
