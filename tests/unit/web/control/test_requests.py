"""web/control/requests: what was not edited is the same input again, by the reader of queries itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.redaction import REDACTED
from runtime.triggers.queries import read_pairs
from runtime.web.control.answers import Refusal
from runtime.web.control.requests import Again, request_again

MAX_KEYS, MAX_DEPTH = 1000, 3
KEPT: dict[str, Any] = {"method": "GET", "path": "/", "pathParams": {}, "query": {}, "headers": {}, "body": None}


def again(edited: dict[str, Any] | None = None, source: str = "GET /", **kept: Any) -> Again:
    return request_again(source, {**KEPT, **kept}, edited or {}, "a" * 32)


def sent(query: Any) -> Any:
    return read_pairs(again(query=query).scope["query_string"], MAX_KEYS, MAX_DEPTH)


@pytest.mark.parametrize(
    "query",
    [
        "a[]=1",
        "a=1&a=2&a[]=3",
        "a[]=1&a[b]=2&a[][b]=3&a[c]=4&a=5",
        "a[b]=1&a[c][]=2&x=%26%3D&a[d]=+",
        "a[][]=1&a[][]=2&a[][][b]=3",
        "a[x][y][z][w][]=1",
        "a[x][y][z]=1&a=2",
        "a[=1&a[=2&[b]=3&=4&c]=5&%ff=6",
        "a[]=&a",
    ],
)
def test_a_query_reads_the_same_again(query: str) -> None:
    read = read_pairs(query.encode(), MAX_KEYS, MAX_DEPTH)
    assert sent(read) == read


NAMES = st.text("ab[]=&+% é", max_size=12)


@given(st.lists(st.tuples(st.one_of(NAMES, st.sampled_from(["a", "a[]", "a[b]", "a[][b]", "a[b][]"])), NAMES)))
def test_any_query_reads_the_same_again(pairs: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{name}={value}" for name, value in pairs).encode()
    read = read_pairs(raw, MAX_KEYS, MAX_DEPTH)
    assert sent(read) == read


def test_a_query_of_numbers_is_written_as_json_has_them() -> None:
    assert sent({"a": 1, "b": [True, None], "c": {"d": 1.5}}) == {"a": "1", "b": ["true", "null"], "c": {"d": "1.5"}}


@pytest.mark.parametrize("query", [{"a": [["1", "2"]]}, {"a": {"": "1"}}, {"a": {"b]": "1"}}, {"a": b"1"}])
def test_what_no_query_can_say_is_refused(query: Any) -> None:
    with pytest.raises(Refusal, match="query"):
        again({"query": query})


def test_what_was_redacted_is_left_out_and_named() -> None:
    query = {"token": REDACTED, "a": [{"token": REDACTED, "b": "1"}, "2"], "c": {"d": REDACTED}}
    made = again(query=query, headers={"cookie": REDACTED, "x": "1"})
    assert made.not_kept == ["header cookie", "query token", "query a[token]", "query c[d]"]
    assert read_pairs(made.scope["query_string"], MAX_KEYS, MAX_DEPTH) == {"a": [{"b": "1"}, "2"]}


@pytest.mark.parametrize("value", ["a\tb", "\xc3\xa0", "", "caf\xe9"])
def test_a_header_that_a_client_could_send_is_sent(value: str) -> None:
    assert (b"x-a", value.encode("latin-1")) in again(headers={"x-a": value}).scope["headers"]


@pytest.mark.parametrize(
    ("edited", "word"),
    [
        ({"headers": {"": "1"}}, "''"),
        ({"headers": {"a b": "1"}}, "'a b'"),
        ({"headers": {"ä": "1"}}, "'ä'"),
        ({"headers": {"x": "a\x00"}}, "'x'"),
        ({"headers": {"x": {"y": 1}}}, "'x'"),
        ({"method": "GET /x"}, "'GET /x'"),
        ({"method": ""}, "''"),
    ],
)
def test_what_no_head_can_have_is_refused_by_its_name(edited: dict[str, Any], word: str) -> None:
    with pytest.raises(Refusal, match=word) as refusal:
        again(edited)
    assert refusal.value.status == 400
