"""jsonschemas/judges: values against places of a schema."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtime.jsonschemas.judges import Judge
from runtime.jsonschemas.references import targets

TREE: dict[str, Any] = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {"type": "object", "properties": {"a/b": {"type": "integer", "minimum": 3}, "left": {"$ref": "#"}}},
        "Unused": {"$ref": "#/$defs/Nothing"},
    },
}


def test_a_value_is_held_against_a_place_and_against_one_facet_of_it() -> None:
    judge = Judge(TREE)
    place = "/$defs/Node/properties/a~1b"
    assert judge.fits("", {"left": {"a/b": 3}})
    assert not judge.fits("", {"left": {"a/b": 1}})
    assert not judge.fits(place, 1)
    assert judge.keeps(place, "type", 1)
    assert not judge.keeps(place, "minimum", 1)


def test_what_nothing_refers_to_is_left_out() -> None:
    assert not Judge(TREE).knows("/$defs/Unused")
    assert targets(TREE)["/$defs/Unused"] == "/$defs/Nothing"


@pytest.mark.parametrize("own", [{}, {"$id": "https://example.com/root"}, {"$id": "root.json"}, {"$id": "urn:root"}])
@pytest.mark.parametrize("inner", ["https://example.com/inner", "urn:inner", "inner", "#"])
def test_a_schema_may_have_an_id_and_others_inside_it(own: dict[str, Any], inner: str) -> None:
    part = {"$defs": {"I": {"type": "integer"}}, "items": {"$ref": "#/$defs/I"}}
    if inner == "inner" and own.get("$id") == "urn:root":
        inner = "urn:another"  # nothing can count from a URN
    named = part if inner == "#" else {"$id": inner, **part}
    judge = Judge({**own, "properties": {"inner": named}, "$defs": {"I": {"type": "integer", "minimum": 5}}})
    target = "/$defs/I" if inner == "#" else "/properties/inner/$defs/I"
    assert judge.target("/properties/inner/items") == target
    assert judge.fits("/properties/inner/items", 1) is (inner != "#")
    assert not judge.fits("/properties/inner/items", "x")


@pytest.mark.parametrize("schema", [True, False])
def test_true_and_false_are_schemas(schema: bool) -> None:
    judge = Judge(schema)
    assert judge.fits("", 1) is schema
    assert judge.forbids("") is not schema
    assert judge.node("") == {}


def test_a_schema_with_many_references_is_taken_apart_in_little_time() -> None:
    others = [[f"#/$defs/D{(number * 7 + step) % 200}" for step in range(20)] for number in range(200)]
    parts = {
        f"D{number}": {"properties": {f"q{step}": {"$ref": target} for step, target in enumerate(found)}}
        for number, found in enumerate(others)
    }
    began = time.process_time()
    assert Judge({"$ref": "#/$defs/D0", "$defs": parts}).fits("/$defs/D7", {})
    assert time.process_time() - began < 2
