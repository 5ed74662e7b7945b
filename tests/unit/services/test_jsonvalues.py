"""services/jsonvalues: whatever is stored has a JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.jsonvalues import TOO_DEEP, json_text, to_json
from runtime.values import MAX_DEPTH, encode
from tests.unit.test_values import values


def nested(depth: int, innermost: object = None) -> Any:
    value: Any = [innermost]
    for _ in range(depth - 1):
        value = [value]
    return value


def unnested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        [value] = value
    return value


@given(values)
def test_every_value_has_a_json(value: Any) -> None:
    json.loads(json_text(value))
    json.loads(json_text(to_json(encode(value))))


@given(st.binary(max_size=40))
def test_so_have_bytes_that_are_no_value(data: bytes) -> None:
    json.loads(json_text(to_json(data)))


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 900, 1000])
def test_what_is_too_deep_is_told_in_its_place(depth: int) -> None:
    found = json.loads(json_text(nested(depth, b"x")))
    is_whole = depth == MAX_DEPTH
    assert unnested(found, MAX_DEPTH) == ({"$bytes": "eA=="} if is_whole else TOO_DEEP)
    assert is_whole or to_json(encode(nested(depth))).keys() == {"$bytes"}


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 'a"\ud800'}, ["ü💩\ud83d", b"x"]])
def test_half_a_surrogate_pair_is_escaped(value: Any) -> None:
    expected = [value[0], {"$bytes": "eA=="}] if isinstance(value, list) else value
    assert json.loads(json_text(value)) == expected


def test_numbers_that_json_lacks_are_null_for_clients_and_text_for_people() -> None:
    odd = [float("nan"), float("inf"), {"a": float("-inf")}]
    assert json.loads(json_text(odd)) == [None, None, {"a": None}]
    assert to_json(encode(odd)) == ["nan", "inf", {"a": "-inf"}]
