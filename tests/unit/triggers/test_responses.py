"""triggers/responses: what handlers return -> what clients get."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model import whole
from runtime.triggers.responses import BadResponse, Response, read_response
from runtime.values import encode
from tests.unit.test_values import values


def response(**fields: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    read = read_response(encode(fields))
    return read.status, read.headers, whole(read.body)


def test_a_response() -> None:
    headers = {"X-One": "1", "Set-Cookie": ["a=1", "b=2"], "x-two": 2}
    assert response(status=201, headers=headers, form="json", body=b"{}") == (
        201,
        [
            (b"x-one", b"1"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
            (b"x-two", b"2"),
            (b"content-type", b"application/json"),
            (b"content-length", b"2"),
        ],
        b"{}",
    )


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("json", b"application/json"), ("text", b"text/html; charset=utf-8"), ("bytes", b"application/octet-stream")],
)
def test_the_content_type_follows_from_the_form(form: str, content_type: bytes) -> None:
    assert dict(response(form=form, body=b"x")[1])[b"content-type"] == content_type
    _, headers, _ = response(form=form, body=b"x", headers={"Content-Type": "text/csv"})
    assert [value for name, value in headers if name == b"content-type"] == [b"text/csv"]


def test_without_a_status_it_is_200() -> None:
    assert response(form="text", body=b"x")[0] == 200


def test_form_none_has_no_content_type() -> None:
    assert response(status=202, form="none") == (202, [(b"content-length", b"0")], b"")


@pytest.mark.parametrize("status", [204, 304])
def test_bodiless_statuses(status: int) -> None:
    headers = {"Content-Type": "text/plain", "etag": "x"}
    assert response(status=status, form="text", body=b"x", headers=headers) == (status, [(b"etag", b"x")], b"")


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection"])
def test_framing_is_not_the_handler_s(name: str) -> None:
    assert response(form="text", body=b"abc", headers={name: "1"})[1] == [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"3"),
    ]


@pytest.mark.parametrize("status", ["200", 200.5, None, True, 99, 199, 600, -1, [200], 10**9])
def test_a_status_that_is_none_is_refused(status: object) -> None:
    with pytest.raises(BadResponse, match="status"):
        response(status=status, form="none")


@pytest.mark.parametrize("payload", [b"", encode(None), encode("hello"), encode([1]), encode(5)])
def test_what_is_no_map_is_no_response(payload: bytes) -> None:
    with pytest.raises(BadResponse, match="no response"):
        read_response(payload)


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\nb", "a\0b", "a\x7fb", "日本"])
@pytest.mark.parametrize("place", ["name", "value", "array"])
def test_headers_cannot_be_smuggled(value: str, place: str) -> None:
    headers = {"name": {value: "x"}, "value": {"x": value}, "array": {"x": ["ok", value]}}[place]
    with pytest.raises(BadResponse, match="header"):
        response(form="none", headers=headers)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a(b)"])
def test_a_header_name_that_http_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(BadResponse, match="header"):
        response(form="none", headers={name: "x"})


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": ["a", "b"]},
        {"headers": "a: b"},
        {"headers": {1: "x"}},
        {"form": "text", "body": "text"},
        {"form": "text", "body": 5},
        {"form": ["json"], "body": b"x"},
    ],
)
def test_a_response_that_breaks_the_protocol_is_refused_not_crashed_on(fields: dict[str, Any]) -> None:
    with pytest.raises(BadResponse):
        response(**fields)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("status", "headers", "form", "body"), values)))
def test_any_response_is_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        read = read_response(encode(fields))
    except (BadResponse, ValueError):
        return
    assert 200 <= read.status <= 599
    assert isinstance(read.body, bytes)
    assert all(isinstance(name, bytes) and isinstance(value, bytes) for name, value in read.headers)


def read_or_refused(payload: bytes | tuple[bytes, ...]) -> Response | str:
    try:
        read = read_response(payload)
    except BadResponse as error:
        return str(error)
    return read._replace(body=whole(read.body))


@given(
    st.permutations([("status", 201), ("form", "bytes"), ("headers", {"a": "b" * 300}), ("more", [1])]),
    st.integers(0, 4),
    st.lists(st.integers(1, 70_500), max_size=5),
    st.binary(max_size=3),
    st.integers(0, 3),
)
def test_a_response_in_pieces_is_the_same(
    fields: list[tuple[str, object]], place: int, cuts: list[int], more: bytes, missing: int
) -> None:
    fields.insert(place, ("body", b"xyz" * 23_000))
    encoded = encode(dict(fields)) + more
    encoded = encoded[: len(encoded) - missing]
    edges = [0, *sorted(cuts), len(encoded)]
    pieces = tuple(encoded[begin:end] for begin, end in itertools.pairwise(edges))
    assert read_or_refused(pieces) == read_or_refused(encoded)


def test_the_body_of_a_response_in_pieces_stays_in_pieces() -> None:
    encoded = encode({"status": 200, "form": "bytes", "body": b"x" * 200_000})
    body = read_response((encoded[:50_000], encoded[50_000:])).body
    assert isinstance(body, tuple)
    assert whole(body) == b"x" * 200_000
