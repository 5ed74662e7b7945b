"""services/texts: texts of URLs and forms, read by the types of their schema."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.services.texts import read_texts

INTEGER = {"type": "integer"}
NUMBERS = {"type": "array", "items": {"type": "number"}}


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("12", INTEGER, 12),
        ("-12", INTEGER, -12),
        ("1.5", {"type": "number"}, 1.5),
        ("1e3", {"type": "number"}, 1000.0),
        ("12", {"type": "string"}, "12"),
        ("12", {}, "12"),
        ("12", True, "12"),
        ("twelve", INTEGER, "twelve"),
        ("0x10", INTEGER, "0x10"),
        ("١٢", INTEGER, "١٢"),
        ("", INTEGER, ""),
        ("9" * 5000, INTEGER, "9" * 5000),
        ("true", {"type": "boolean"}, True),
        ("yes", {"type": "boolean"}, "yes"),
        ("", {"type": ["integer", "null"]}, None),
        ("null", {"type": ["integer", "null"]}, None),
        ("null", {"type": ["string", "null"]}, "null"),
        ("1", {"anyOf": [INTEGER, {"type": "null"}]}, 1),
        ("1", {"anyOf": [INTEGER, {"type": "string"}]}, "1"),
        ("1", {"enum": [1, 2]}, 1),
        ("1", {"const": 1}, 1),
        ("1", {"$ref": "#/$defs/n", "$defs": {"n": INTEGER}}, 1),
        ("1", NUMBERS, [1]),
        (["1", "x"], NUMBERS, [1, "x"]),
        ({"a": "1", "b": "2"}, {"properties": {"a": INTEGER}}, {"a": 1, "b": "2"}),
        ({"a": "1"}, {"additionalProperties": INTEGER}, {"a": 1}),
        ({"f": {"n": "1"}}, {"properties": {"f": {"properties": {"n": INTEGER}}}}, {"f": {"n": 1}}),
        ({"a": "1"}, {"allOf": [{"properties": {"a": INTEGER}}]}, {"a": 1}),
        (b"1", INTEGER, b"1"),
    ],
)
def test_texts_are_read_by_type(text: Any, schema: Any, expected: Any) -> None:
    read = read_texts(text, schema, schema)
    assert read == expected
    assert type(read) is type(expected)


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, INTEGER]}
    assert read_texts("1", schema, schema) == 1


def test_a_reference_is_followed_as_it_is_encoded() -> None:
    schema = {"properties": {"n": {"$ref": "#/$defs/My%20Number"}}, "$defs": {"My Number": INTEGER}}
    assert read_texts({"n": "1"}, schema, schema) == {"n": 1}


ALL = {"const": "all"}
PET = {
    "anyOf": [
        {"properties": {"kind": {"const": "cat"}, "id": INTEGER}},
        {"properties": {"kind": {"const": "dog"}, "id": {"type": "string"}}},
    ]
}


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("5", {"anyOf": [{"type": "number"}, ALL]}, 5),
        ("all", {"anyOf": [{"type": "number"}, ALL]}, "all"),
        ("five", {"anyOf": [{"type": "number"}, ALL]}, "five"),
        ("true", {"anyOf": [{"type": "boolean"}, {"const": "auto"}]}, True),
        ("auto", {"anyOf": [{"type": "boolean"}, {"const": "auto"}]}, "auto"),
        ("5", {"oneOf": [{"type": "number"}, {"type": "string", "format": "date-time"}]}, 5),
        ("5", {"anyOf": [INTEGER, {"type": "string", "format": "uuid"}, {"type": "null"}]}, 5),
        ("", {"anyOf": [INTEGER, {"type": "string", "format": "uuid"}, {"type": "null"}]}, None),
        ("5", {"anyOf": [ALL, NUMBERS]}, [5]),
        ("1", {"anyOf": [{"type": "number"}, NUMBERS], "not": {"type": "array"}}, 1),
        (["5", "all"], {"type": "array", "items": {"anyOf": [INTEGER, ALL]}}, [5, "all"]),
        ("50", {"anyOf": [{"type": "integer", "maximum": 9}, ALL]}, "50"),
    ],
)
def test_a_text_is_read_in_every_way_that_its_schema_takes(text: Any, schema: Any, expected: Any) -> None:
    document = {"properties": {"it": schema}}
    read = read_texts({"it": text}, document, document)
    assert read == {"it": expected}
    assert type(read["it"]) is type(expected)


@pytest.mark.parametrize(("kind", "expected"), [("cat", 5), ("dog", "5")])
def test_texts_that_depend_on_one_another_are_read_together(kind: str, expected: object) -> None:
    assert read_texts({"kind": kind, "id": "5"}, PET, PET) == {"kind": kind, "id": expected}


def test_what_is_wrong_elsewhere_does_not_change_how_a_text_is_read() -> None:
    schema = {"properties": {"limit": {"anyOf": [INTEGER, ALL]}, "page": INTEGER}, "required": ["page", "size"]}
    assert read_texts({"limit": "5", "page": "x"}, schema, schema) == {"limit": 5, "page": "x"}


def test_many_texts_with_several_readings_are_read_each_by_itself() -> None:
    schema = {"additionalProperties": {"anyOf": [INTEGER, ALL]}}
    texts = {f"k{number}": str(number) for number in range(200)}
    assert read_texts(texts, schema, schema) == {f"k{number}": number for number in range(200)}
