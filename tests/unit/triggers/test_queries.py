"""triggers/queries: what a query says, however it is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.triggers.queries import Leaf, TooManyKeys, place, read_pairs
from runtime.values import decode, encode


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a", {"a": ""}),
        (b"a=", {"a": ""}),
        (b"=x", {"": "x"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=1+2%2B3", {"a": "1 2+3"}),
        (b"%C3%BC=%F0%9F%92%A9", {"ü": "💩"}),
        (b"a=%FF", {"a": "�"}),
        (b"a=%zz&b=%", {"a": "%zz", "b": "%"}),
        (b"a=1&&b=2;c", {"a": "1", "b": "2;c"}),
    ],
)
def test_plain_names(query: bytes, expected: dict[str, Any]) -> None:
    assert read_pairs(query, 10, 5) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"a[b]=1", {"a": {"b": "1"}}),
        (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
        (b"a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        (b"a[b]=1&a[b]=2", {"a": {"b": ["1", "2"]}}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[]=1", {"a": ["1"]}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        (b"a[][b]=1&a[][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        (b"a[0]=x&a[1]=y", {"a": {"0": "x", "1": "y"}}),
        (b"a[ ]=1", {"a": {" ": "1"}}),
    ],
)
def test_brackets_nest(query: bytes, expected: dict[str, Any]) -> None:
    assert read_pairs(query, 10, 5) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"a=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[]=1&a=2", {"a": ["1", "2"]}),
        (b"a=1&a[b]=2", {"a": ["1", {"b": "2"}]}),
        (b"a[b]=1&a=2", {"a": [{"b": "1"}, "2"]}),
        (b"a=1&a[b]=2&a[c]=3", {"a": ["1", {"b": "2", "c": "3"}]}),
        (b"a[b]=1&a=2&a[c]=3", {"a": [{"b": "1"}, "2", {"c": "3"}]}),
        (b"a[]=1&a[b]=2", {"a": ["1", {"b": "2"}]}),
        (b"a[b]=1&a[]=2", {"a": [{"b": "1"}, "2"]}),
        (b"a[b]=1&a[b][c]=2", {"a": {"b": ["1", {"c": "2"}]}}),
    ],
)
def test_names_that_disagree_lose_nothing(query: bytes, expected: dict[str, Any]) -> None:
    assert read_pairs(query, 10, 5) == expected


@pytest.mark.parametrize("name", ["[a]", "[]", "a[b", "a]b", "a[b]c", "a[b]c[d]", "a[[b]]", "a[b]]", "["])
def test_other_brackets_are_characters(name: str) -> None:
    assert read_pairs(f"{name}=1".encode(), 10, 5) == {name: "1"}


def test_what_is_too_deep_stays_one_key() -> None:
    assert read_pairs(b"a[b][c][d][e][f][g][]=1", 10, 5) == {"a": {"b": {"c": {"d": {"e": {"f": {"[g][]": "1"}}}}}}}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "__class__"])
def test_names_that_languages_know_are_names(name: str) -> None:
    query = f"{name}=1&{name}[x]=2&a[{name}]=3".encode()
    assert read_pairs(query, 10, 5) == {name: ["1", {"x": "2"}], "a": {name: "3"}}


def test_the_limit_of_keys() -> None:
    assert len(read_pairs(b"a=1&b=2&c=3", 3, 5)) == 3
    with pytest.raises(TooManyKeys, match="more than 3"):
        read_pairs(b"a=1&b=2&c=3&d=4", 3, 5)


def test_names_do_not_reach_into_a_leaf() -> None:
    values: dict[str, Any] = {}
    place(values, "f", Leaf(filename="x"), 5)
    place(values, "f[filename]", "y", 5)
    assert values == {"f": [{"filename": "x"}, {"filename": "y"}]}


@given(st.lists(st.tuples(st.text("ab[]=&%5BD", max_size=12), st.text("x1", max_size=2)), max_size=12))
def test_whatever_the_names_it_can_be_sent(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs)
    read = read_pairs(query.encode(), 1000, 5)
    assert decode(encode(read)) == read


@given(st.text("ab=&;é", max_size=12))
def test_what_needs_no_decoding_is_read_as_if_it_did(query: str) -> None:
    decoded = read_pairs(f"{query}&%20=".encode(), 100, 5)
    assert {**read_pairs(query.encode(), 100, 5), " ": ""} == decoded


@given(st.binary(max_size=60))
def test_any_query_is_read(query: bytes) -> None:
    assert isinstance(read_pairs(query, 100, 5), dict)


@pytest.mark.parametrize(("depth", "expected"), [(1, {"a": {"b": {"[c]": "1"}}}), (2, {"a": {"b": {"c": "1"}}})])
def test_the_depth_is_what_the_settings_say(depth: int, expected: dict[str, Any]) -> None:
    assert read_pairs(b"a[b][c]=1", 10, depth) == expected
