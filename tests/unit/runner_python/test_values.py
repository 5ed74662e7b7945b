"""Values as bytes: what comes back, what is refused and which place the refusal names."""

from __future__ import annotations

import copy
import json
import math
import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from runtime_runner.values import LARGE_PARTS, MAX_DEPTH, Record, Unsendable, decode, encode, is_large

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=100)
)
KEYS = st.text() | st.integers(-(2**63), 2**64 - 1)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30)


class Color(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    at: date


class Order(BaseModel):
    id: str
    when: datetime


@given(VALUES)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert decode(encode(value, "value")) == value


@given(st.floats())
def test_floats_stay_floats(value: float) -> None:
    back = decode(encode(value, "value"))
    assert type(back) is float
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_no_bytes_are_none() -> None:
    assert decode(b"") is None


def test_a_large_map_is_decoded_to_records_as_well() -> None:
    rows = [{"id": index, "text": "x" * 50} for index in range(3000)]
    back = decode(encode(rows, "rows"))
    assert back == rows
    assert back[7].id == 7


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ((1, 2), [1, 2]),
        (bytearray(b"ab"), b"ab"),
        (datetime(2024, 5, 6, 7, 8, 9), "2024-05-06T07:08:09"),
        (datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), "2024-05-06T07:08:09Z"),
        (datetime(2024, 5, 6, 7, tzinfo=timezone(timedelta(hours=2))), "2024-05-06T05:00:00Z"),
        (date(2024, 5, 6), "2024-05-06"),
        (UUID(int=5), str(UUID(int=5))),
        (Decimal("1.50"), "1.50"),
        (Color.RED, "red"),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Point(1, date(2024, 1, 2)), {"x": 1, "at": "2024-01-02"}),
        (Order(id="a", when=datetime(2024, 1, 2, tzinfo=UTC)), {"id": "a", "when": "2024-01-02T00:00:00Z"}),
    ],
)
def test_what_stands_for_data_is_sent_as_data(value: Any, sent: Any) -> None:
    assert decode(encode({"in": [value]}, "value")) == {"in": [sent]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"items": [0, 1, 2, {"run": print}]}, "data.items[3].run is a builtin_function_or_method"),
        ({"tags": {1, 2}}, "data.tags is a set"),
        ({"odd key": {"n": 2**64}}, "data['odd key'].n is an integer of 65 bits"),
        ([-(2**63) - 1], "data[0] is an integer of 64 bits"),
        ({"a": "\ud800"}, "data.a holds a lone surrogate"),
        ({"\udfff": 1}, "A key of data holds a lone surrogate"),
        ({"a": {b"k": 1}}, "data.a has the key b'k' of type bytes"),
        ([{None: 1}], "data[0] has the key None of type NoneType"),
        ({True: 1}, "data has the key True of type bool"),
        ({"p": Point(object(), date.min)}, "data.p.x is an object"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_cross_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(Unsendable) as refusal:
        encode(value, "data")
    assert str(refusal.value).startswith(message)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: dict[str, Any] = {"a": []}
    value["a"].append(value)
    with pytest.raises(Unsendable, match=r"data\.a\[0\] contains itself"):
        encode(value, "data")


def _nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_depth_is_bounded() -> None:
    assert decode(encode(_nested(MAX_DEPTH), "data")) == _nested(MAX_DEPTH)
    with pytest.raises(Unsendable, match=f"nests deeper than {MAX_DEPTH} levels"):
        encode(_nested(MAX_DEPTH + 1), "data")


def test_records_read_as_dict_and_by_attribute() -> None:
    record = decode(encode({"orderId": 7, "lines": [{"sku": "a"}], "items": 3}, "value"))
    assert isinstance(record, Record)
    assert record.orderId == record["orderId"] == record.get("orderId") == 7
    assert record.lines[0].sku == "a"
    assert dict(record.items())["items"] == record["items"] == 3
    record.user = {"id": 1}
    assert record["user"] == {"id": 1}
    del record.user
    assert "user" not in record


def test_a_missing_attribute_names_the_keys() -> None:
    with pytest.raises(AttributeError, match=r"no 'c' here; the keys are: a, b\."):
        _ = Record(a=1, b=2).c
    with pytest.raises(AttributeError, match="no 'c' to delete"):
        del Record(a=1).c


def test_records_copy_as_records_and_leave_as_dicts() -> None:
    record = Record(a=Record(b=[Record(c=1)]))
    assert copy.copy(record).a.b[0].c == record.copy().a.b[0].c == 1
    deep = copy.deepcopy(record)
    assert deep == record
    assert deep.a is not record.a
    assert deep.a.b[0].c == 1
    assert json.loads(json.dumps(record)) == record
    back = pickle.loads(pickle.dumps(record))
    assert back == record
    assert type(back) is type(back["a"]) is dict


def test_large_values_are_told_apart() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    assert is_large("x" * 200_000, text_counts=True)
    assert not is_large("x" * 200_000)
    assert is_large({"rows": [{"n": 1}] * LARGE_PARTS})
    assert is_large(cyclic)
    assert not is_large({"rows": [1, 2, 3], "text": "x" * 1000})
    assert not is_large(None)
