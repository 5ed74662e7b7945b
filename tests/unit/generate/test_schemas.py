"""Schemas as shapes: names, references, and what a type cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.generate.schemas import MAX_DEPTH, Shapes, type_name
from runtime.generate.typescript import type_text


def text(schema: Any) -> str:
    return type_text(Shapes().read(schema, "Root"))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "unknown"),
        (False, "never"),
        ({}, "unknown"),
        ({"type": "integer"}, "number"),
        ({"type": "string", "format": "date-time"}, "string"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"enum": ["a", 1, None, True]}, "'a' | 1 | null | true"),
        ({"const": {"kind": "x"}}, "{ kind: 'x' }"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "(string | null)[]"),
        ({"type": "array"}, "unknown[]"),
        ({"prefixItems": [{"type": "string"}, {"type": "number"}]}, "[string, number]"),
        (
            {"prefixItems": [{}, {"type": "null"}], "minItems": 1, "items": {"type": "string"}},
            "[item0: unknown, item1?: null, ...rest: string[]]",
        ),
        ({"type": "object"}, "{ [key: string]: unknown }"),
        ({"type": "object", "properties": {}, "additionalProperties": False}, "{ [key: string]: never }"),
        ({"properties": {"a": {"type": "string"}, "b-c": {}}, "required": ["a"]}, "{ a: string; 'b-c'?: unknown }"),
        ({"type": "object", "required": ["a"]}, "{ a: unknown }"),
        ({"additionalProperties": {"type": "number"}}, "{ [key: string]: number }"),
        (
            {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}},
            "{ a?: string; [key: string]: number | string | undefined }",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"oneOf": [{"type": "string"}, {}]}, "unknown"),
        (
            {"allOf": [{"properties": {"a": {}}}, {"oneOf": [{"type": "object", "required": ["b"]}, {"const": 1}]}]},
            "{ a?: unknown } & ({ b: unknown } | 1)",
        ),
        ({"type": "string", "anyOf": [{"minLength": 2}, {"pattern": "x"}]}, "string"),
        ({"$ref": "https://example.com/other.json"}, "unknown"),
        ({"$ref": "#/$defs/missing"}, "unknown"),
        ({"const": 2**60}, "number"),
    ],
)
def test_a_schema_as_typescript(schema: Any, expected: str) -> None:
    assert text(schema) == expected


def test_what_refers_to_itself_has_a_name() -> None:
    shapes = Shapes()
    assert type_text(shapes.read({"properties": {"next": {"$ref": "#"}}}, "Chain")) == "{ next?: Schemas.Chain }"
    assert type_text(shapes.definitions["Chain"]) == "{ next?: Schemas.Chain }"


def test_a_definition_that_is_only_itself_is_unknown() -> None:
    shapes = Shapes()
    shapes.read(
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "X"
    )
    assert "unknown" in {type_text(shape) for shape in shapes.definitions.values()}


def test_definitions_of_one_name_are_shared_when_they_mean_the_same() -> None:
    shapes = Shapes()

    def read(kind: str) -> str:
        return type_text(shapes.read({"$ref": "#/$defs/item", "$defs": {"item": {"type": kind}}}, "X"))

    assert [read("string"), read("string"), read("number")] == ["Schemas.Item", "Schemas.Item", "Schemas.Item2"]


def test_a_long_chain_of_definitions_is_read() -> None:
    names = [f"d{number}" for number in range(3000)]
    chain = {name: {"items": {"$ref": f"#/$defs/{after}"}} for name, after in zip(names[-9:], names[-8:], strict=False)}
    shapes = Shapes()
    shapes.read({"$ref": f"#/$defs/{names[-9]}", "$defs": chain}, "X")
    assert len(shapes.definitions) == 8


def test_a_schema_deeper_than_the_bound_ends_in_unknown() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(MAX_DEPTH + 5):
        schema = {"items": schema}
    assert text(schema) == "unknown" + "[]" * (MAX_DEPTH + 1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("order.created", "OrderCreated"), ("user-api", "UserApi"), ("2fa", "Type2fa"), ("%20", "Type"), ("a~1b", "A1b")],
)
def test_the_name_of_a_type(given: str, expected: str) -> None:
    assert type_name(given) == expected
