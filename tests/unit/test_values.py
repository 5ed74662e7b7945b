"""values: what the core decodes and encodes itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.values import NIL, decode, encode, encode_array

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_values_come_back_as_they_went(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.lists(values, max_size=20))
def test_an_array_of_encoded_values_is_the_encoded_array(items: list[Any]) -> None:
    assert encode_array([encode(item) for item in items]) == encode(items)


def test_no_bytes_are_no_value_and_nil_is_a_value() -> None:
    assert decode(b"") is None
    assert decode(NIL) is None
    assert NIL


@given(st.binary(max_size=64))
@example(b"\x81\x90\x01")  # a map whose key is an array
@example(b"\x81\x80\x01")  # a map whose key is a map
@example(b"\xc1")
@example(b"\x01\x02")
@example(b"\x91" * 2000)
def test_other_bytes_are_a_value_error_and_nothing_else(data: bytes) -> None:
    try:
        decode(data)
    except ValueError as error:
        assert "MessagePack" in str(error)


def test_integer_keys_are_kept() -> None:
    assert decode(encode({1: "one"})) == {1: "one"}


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_value_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="MessagePack"):
        decode(encode("hello")[:-cut])
