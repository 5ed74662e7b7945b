"""Requests as handlers see them, and responses as they return them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from runtime_runner import http
from runtime_runner.http import request_of, response_of
from runtime_runner.parse import MalformedBody
from runtime_runner.values import Record, Unsendable, decode


def _request(form: str, body: bytes, **more: Any) -> Record:
    return request_of(Record(method="POST", path="/x", form=form, body=body, **more))


def _response(returned: Any) -> Any:
    return decode(response_of(returned))


@pytest.mark.parametrize(
    ("form", "body", "seen", "raw"),
    [
        ("none", b"", {}, ""),
        ("json", b'{"a": [1, null]}', {"a": [1, None]}, '{"a": [1, null]}'),
        ("json", b'\xef\xbb\xbf"bom"', "bom", '\ufeff"bom"'),
        ("json", b"12", 12, "12"),
        ("text", "grüß".encode(), "grüß", "grüß"),
        ("text", b"\xff", "\ufffd", b"\xff"),
        ("bytes", b"abc", b"abc", "abc"),
        ("bytes", b"\xff\x00", b"\xff\x00", b"\xff\x00"),
    ],
)
def test_the_form_says_what_the_body_becomes(form: str, body: bytes, seen: Any, raw: str | bytes) -> None:
    req = _request(form, body)
    assert req.body == seen
    assert req.rawBody == raw
    assert set(req) == {"method", "path", "body", "rawBody"}


def test_a_parsed_body_is_taken_as_it_is() -> None:
    req = _request("value", b"a=1", value={"a": "1"})
    assert req.body == {"a": "1"}
    assert req.rawBody == "a=1"
    assert "value" not in req


def test_bodies_read_by_attribute() -> None:
    assert _request("json", b'{"order": {"id": 7}}').body.order.id == 7


def test_a_large_body_reads_like_a_small_one() -> None:
    rows = [{"id": index, "share": 0.5, "text": "x" * 40} for index in range(4000)]
    body = _request("json", json.dumps(rows).encode()).body
    assert body == rows
    assert body[3].id == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"a": 1,}', "at line 1, column"),
        (b"\n\n  nope", "at line 3, column 3"),
        (b"", "Expecting value at line 1, column 1"),
        (b"[NaN]", "JSON has no NaN"),
        (b'"\xff"', "not UTF-8"),
        (b"[" * 100_000, "nests deeper than 512 levels"),
    ],
)
def test_malformed_json_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(MalformedBody, match=message):
        _request("json", body)


class User(BaseModel):
    name: str
    since: datetime


@pytest.mark.parametrize(
    ("body", "form", "sent"),
    [
        ("grüß", "text", "grüß".encode()),
        (b"\x00\xff", "bytes", b"\x00\xff"),
        (memoryview(b"ab"), "bytes", b"ab"),
        (None, "json", b"null"),
        ({"a": "ü", "b": [1.5, True]}, "json", '{"a":"ü","b":[1.5,true]}'.encode()),
        ([Decimal("1.10"), datetime(2024, 1, 2, tzinfo=UTC)], "json", b'["1.10","2024-01-02T00:00:00Z"]'),
        (
            User(name="a", since=datetime(2024, 1, 2, tzinfo=UTC)),
            "json",
            b'{"name":"a","since":"2024-01-02T00:00:00Z"}',
        ),
        ({201: 1}, "json", b'{"201":1}'),
        (2**70, "json", str(2**70).encode()),
    ],
)
def test_the_body_says_its_form(body: Any, form: str, sent: bytes) -> None:
    assert _response({"status": 200, "body": body}) == {"status": 200, "form": form, "body": sent}


def test_an_absent_body_is_none() -> None:
    assert _response({"status": HTTPStatus.NO_CONTENT}) == {"status": 204, "form": "none", "body": b""}


def test_a_missing_status_stays_missing_and_an_odd_one_is_the_cores_to_judge() -> None:
    assert "status" not in _response({"body": "x"})
    assert _response({"status": "ok"})["status"] == "ok"


def test_header_values_become_strings() -> None:
    headers = {"X-Count": 3, "Set-Cookie": ["a=1", b"b=2"], "X-None": None, "x-text": "t", "x-flag": True}
    assert _response({"status": 200, "headers": headers})["headers"] == {
        "X-Count": "3",
        "Set-Cookie": ["a=1", "b=2"],
        "x-text": "t",
        "x-flag": "true",
    }


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "this one returned nothing"),
        ("text", "this one returned a str"),
        ({"headers": ["a"]}, "headers is a list"),
        ({"headers": {"x-user": {"id": 1}}}, r"headers\['x-user'\] is a dict"),
        ({"body": {"items": [1, {"run": len}]}}, r"body.items\[1\].run is a builtin"),
        ({"body": {"n": float("nan")}}, "body.n is nan, which JSON cannot hold"),
        ({"body": {"data": b"x"}}, "body.data is bytes, which JSON cannot hold"),
        ({"body": ["\ud800"]}, r"body\[0\] holds a lone surrogate"),
        ({"body": "\ud800"}, "body holds a lone surrogate"),
        ({"body": {(1, 2): 3}}, r"body has the key \(1, 2\)"),
        ({"status": object()}, "response.status is an object"),
    ],
)
def test_what_is_no_response_is_refused(returned: Any, message: str) -> None:
    with pytest.raises(Unsendable, match=message):
        response_of(returned)


def test_a_body_that_contains_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body
    with pytest.raises(Unsendable, match=r"body\.self contains itself"):
        response_of({"body": body})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


@given(JSON, st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))
def test_pieces_make_the_same_text(value: Any, parts: int, levels: int, characters: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "PIECE_PARTS", parts)
        patch.setattr(http, "PIECE_LEVELS", levels)
        patch.setattr(http, "PIECE_CHARACTERS", characters)
        assert "".join(map(http._in_turn, http._parts(value))) == http._encoder.encode(value)


def test_a_large_response_is_complete() -> None:
    rows: Mapping[str, Any] = {"rows": [{"id": index, 5: "x" * 60} for index in range(5000)], "note": "y" * 600_000}
    assert json.loads(_response({"body": rows})["body"]) == json.loads(json.dumps(rows))


def test_a_settled_response_is_what_it_was_when_it_was_settled() -> None:
    store = {"rows": [{"v": 1}] * 100, "text": "t" * 600_000}
    response = http.settled({"status": 200, "body": store})
    store["rows"].clear()  # type: ignore[attr-defined]
    store["more"] = []
    body = json.loads(decode(response_of(response))["body"])
    assert body == {"rows": [{"v": 1}] * 100, "text": "t" * 600_000}


def test_what_cannot_be_sent_is_refused_after_settling_as_before() -> None:
    with pytest.raises(Unsendable, match="body"):
        response_of(http.settled({"status": 200, "body": {"f": open, "text": "t" * 600_000}}))


@pytest.mark.parametrize("kind", ["text/event-stream", ["Text/Event-Stream; charset=utf-8"], ("text/event-stream",)])
def test_an_event_stream_is_told_by_its_header(kind: Any) -> None:
    assert http.is_event_stream({"headers": {"Content-Type": kind}})
    assert not http.is_event_stream({"headers": {"content-type": ["text/plain"], "accept": kind}})
