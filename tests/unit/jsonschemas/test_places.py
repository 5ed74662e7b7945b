"""jsonschemas.places: where pointers and references lead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.jsonschemas.places import at, inside, names_in, pointer, referred

INTEGER = {"type": "integer"}
ROOT: dict[str, Any] = {"$defs": {"a/b": INTEGER, "My Type": INTEGER, "100%": INTEGER, "list": [True, INTEGER]}}


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/a~1b", "#/$defs/a%7E1b", "#/$defs/My%20Type", "#/$defs/My Type", "#/$defs/100%25", "#/$defs/list/1"],
)
def test_local_references_are_followed(reference: str) -> None:
    assert referred(ROOT, reference) is INTEGER


def test_the_whole_document_can_be_referred_to() -> None:
    assert referred(ROOT, "#") is ROOT


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com",
        "other.json#/$defs/list",
        "#anchor",
        "#/$defs/none",
        "#/$defs/list/7",
        "#/$defs/list/x",
        f"#/$defs/list/{'9' * 5000}",
        "#/$defs/a~1b/type/x",
        "",
        7,
        None,
    ],
)
def test_nothing_else_is(reference: object) -> None:
    assert referred(ROOT, reference) is None


@given(st.lists(st.text()))
def test_a_pointer_has_its_names(names: list[str]) -> None:
    assert names_in(pointer(names)) == names


def test_every_schema_directly_inside_is_visited_with_its_place() -> None:
    schema = {"properties": {"a/b": True}, "items": INTEGER, "anyOf": [INTEGER, False], "enum": [{"items": 1}]}
    assert inside(schema, lambda child, place: (place, at(schema, names_in(place)) is child)) == {
        "properties": {"a/b": ("/properties/a~1b", True)},
        "items": ("/items", True),
        "anyOf": [("/anyOf/0", True), ("/anyOf/1", True)],
        "enum": [{"items": 1}],
    }
