"""jsonschemas/alternatives: which alternative is meant, and what is wrong where none is."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.jsonschemas.alternatives import Alternatives
from runtime.jsonschemas.judges import Judge

CARD = {"properties": {"by": {"const": "card"}, "number": {"type": "string"}}, "required": ["by"]}
CASH = {"$ref": "#/$defs/Cash"}
CASH_PLACE = {"Cash": {"allOf": [{"properties": {"by": {"enum": ["cash", "coin"]}}, "required": ["by"]}]}}
PAIR = {"prefixItems": [{"const": "pair"}], "type": "array"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"by": "card", "number": 1}, "/anyOf/0"),
        ({"by": "coin"}, "/anyOf/1"),
        ({"by": "debt"}, None),
        ({}, None),
        (["pair"], None),
    ],
)
def test_the_meant_alternative_is_told_by_constants_behind_references(value: Any, expected: str | None) -> None:
    judge = Judge({"anyOf": [CARD, CASH, PAIR], "$defs": CASH_PLACE})
    assert Alternatives(judge).meant("", "anyOf", value) == expected


def test_the_meant_alternative_is_told_by_the_first_item() -> None:
    judge = Judge({"oneOf": [PAIR, {"type": "array", "prefixItems": [{"const": "list"}]}]})
    assert Alternatives(judge).meant("", "oneOf", ["pair", 1]) == "/oneOf/0"


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        ("anyOf", 1, ""),
        ("oneOf", 1, "fits more than one of the alternatives"),
        ("anyOf", -1, "fits none of the alternatives"),
        ("anyOf", "x", 'must be a number or a whole number, is "x"'),
        ("allOf", 1, ""),
    ],
)
def test_what_is_wrong_with_a_value_of_no_alternative(word: str, value: Any, expected: str) -> None:
    judge = Judge({word: [{"type": "number", "minimum": 0}, {"type": "integer", "minimum": 0}]})
    assert Alternatives(judge).unmet("", word if word != "allOf" else "oneOf", value) == expected
