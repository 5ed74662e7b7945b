"""triggers/requests: HTTP requests -> the maps that runners speak."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.config import HttpSettings
from runtime.model import whole
from runtime.triggers.queries import TooManyKeys
from runtime.triggers.requests import encode_request, read_headers, request_map
from runtime.values import decode

SETTINGS = HttpSettings(max_query_keys=10)


def request(query: bytes = b"", body: bytes = b"", **headers: str) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    made = request_map("POST", "/a", {}, query, given, body, SETTINGS)
    decoded: dict[str, Any] = decode(whole(encode_request(made, body)))
    return decoded


def test_headers_that_repeat_are_arrays() -> None:
    raw = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"\xe4")]
    assert read_headers(raw) == {"a": ["1", "3", "ä"], "b": "2"}


def test_the_request_map() -> None:
    made = request_map("GET", "/u/7", {"id": "7"}, b"q=1", {"x": ["a", "b"]}, b"", SETTINGS)
    assert decode(whole(encode_request(made, b""))) == {
        "method": "GET",
        "path": "/u/7",
        "pathParams": {"id": "7"},
        "queryParams": {"q": "1"},
        "headers": {"x": ["a", "b"]},
        "form": "none",
        "body": b"",
    }


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/problem+json", "json"),
        ("text/plain", "text"),
        ("text/html;charset=utf-8", "text"),
        ("text/html; charset=UTF8", "text"),
        ('text/html; Charset="utf-8"; x=y', "text"),
        ("text/plain; charset=iso-8859-1", "value"),
        ("text/plain; charset=Shift_JIS", "value"),
        ("text/plain; charset=klingon", "bytes"),
        ("text/plain; charset=", "bytes"),
        ("text/plain; charset=idna", "bytes"),
        ("text/plain; charset=unicode_escape", "bytes"),
        ("application/x-www-form-urlencoded", "value"),
        ("multipart/form-data; boundary=x", "value"),
        ("multipart/mixed; boundary=x", "bytes"),
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


def test_a_query_of_too_many_keys_is_refused() -> None:
    with pytest.raises(TooManyKeys, match="10"):
        request(query=b"&".join(b"a=1" for _ in range(11)))


@pytest.mark.parametrize("value", [None, {"a": "1"}])
def test_a_body_in_pieces_makes_the_same_map(value: object) -> None:
    pieces = (b"a=1&b=", b"x" * 70_000, b"", b"&c=3")
    made = {"method": "POST", "form": "value", "value": value}
    payload = encode_request({**made}, pieces)
    assert isinstance(payload, tuple)
    assert decode(whole(payload)) == decode(whole(encode_request({**made}, whole(pieces))))


@pytest.mark.parametrize(("encoding", "form"), [("gzip", "bytes"), ("br, gzip", "bytes"), ("Identity", "json")])
def test_an_encoded_body_stays_bytes(encoding: str, form: str) -> None:
    assert request(body=b"{}", content_type="application/json", content_encoding=encoding)["form"] == form
