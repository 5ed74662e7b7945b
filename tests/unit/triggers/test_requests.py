"""triggers/requests: HTTP <-> the maps that runners speak."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model import whole
from runtime.triggers.requests import BadResponse, Response, encode_request, read_headers, read_response
from runtime.values import decode, encode
from tests.unit.test_values import values


def request(query: bytes = b"", body: bytes = b"", content_type: str = "", **more: Any) -> dict[str, Any]:
    headers = {"content-type": content_type} if content_type else {}
    decoded: dict[str, Any] = decode(whole(encode_request("POST", "/a", {}, query, headers, body)))
    return decoded


def response(**fields: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    read = read_response(encode(fields))
    return read.status, read.headers, whole(read.body)


def test_headers_that_repeat_are_arrays() -> None:
    raw = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"\xe4")]
    assert read_headers(raw) == {"a": ["1", "3", "ä"], "b": "2"}


def test_the_request_map() -> None:
    payload = encode_request("GET", "/u/7", {"id": "7"}, b"q=1", {"x": ["a", "b"]}, b"")
    assert decode(whole(payload)) == {
        "method": "GET",
        "path": "/u/7",
        "pathParams": {"id": "7"},
        "queryParams": {"q": "1"},
        "headers": {"x": ["a", "b"]},
        "form": "none",
        "body": b"",
    }


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
        (b"a=1&&b=2;c", {"a": "1", "b": "2;c"}),
    ],
)
def test_queries(query: bytes, expected: dict[str, Any]) -> None:
    assert request(query)["queryParams"] == expected


@given(st.binary(max_size=60))
def test_any_query_is_read(query: bytes) -> None:
    assert isinstance(request(query)["queryParams"], dict)


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/problem+json", "json"),
        ("text/plain", "text"),
        ("text/html;charset=utf-8", "text"),
        ("application/octet-stream", "bytes"),
        ("application/jsonp", "bytes"),
        ("image/png", "bytes"),
        ("", "bytes"),
    ],
)
def test_the_form_follows_from_the_content_type(content_type: str, form: str) -> None:
    read = request(body=b"\x00{", content_type=content_type)
    assert (read["form"], read["body"]) == (form, b"\x00{")
    assert "value" not in read


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_no_body_is_form_none(content_type: str) -> None:
    assert request(body=b"", content_type=content_type)["form"] == "none"


@pytest.mark.parametrize("body", ["name=Jos%C3%A9&x=1&x=2", "name=José&x=1&x=2"])
def test_a_urlencoded_body_is_parsed_and_kept(body: str) -> None:
    read = request(body=body.encode(), content_type="application/x-www-form-urlencoded")
    assert read["form"] == "value"
    assert read["value"] == {"name": "José", "x": ["1", "2"]}
    assert read["body"] == body.encode()


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


@pytest.mark.parametrize("content_type", ["", "application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_in_pieces_makes_the_same_map(content_type: str) -> None:
    headers = {"content-type": content_type}
    pieces = (b"a=1&b=", b"x" * 70_000, b"", b"&c=3")
    payload = encode_request("POST", "/a", {}, b"", headers, pieces)
    assert isinstance(payload, tuple)
    assert decode(whole(payload)) == decode(whole(encode_request("POST", "/a", {}, b"", headers, whole(pieces))))


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
