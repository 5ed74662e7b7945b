"""PROTOCOL.md, section 5: requests and responses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, unpack

NO_JSON = (b"{", b"{'a': 1}", b"[1,]", b"NaN", b"\xff", b'{"a":1} x', b" ")


async def test_m22_malformed_json_never_reaches_the_handler(core: Core) -> None:
    for body in NO_JSON:
        failure = (await core.request("mirrors", "json", body)).failure
        assert failure.kind == pb.FAILURE_KIND_INVALID_INPUT, body
        assert failure.message
        assert (failure.type, failure.retryable) == ("", False)
    assert core.process.stdout == b""
    assert (await _mirror(core, "json", b"[]"))["body"] == []
    await core.process.has_printed("mirroring")


@pytest.mark.parametrize(
    ("form", "body", "value", "raw"),
    [
        ("none", b"", {}, ""),
        ("json", b'{"a": [1, "\xc3\xa4", null]}', {"a": [1, "ä", None]}, '{"a": [1, "ä", null]}'),
        ("json", b'"text"', "text", '"text"'),
        ("text", "grüße".encode(), "grüße", "grüße"),
        ("bytes", b"\x00\xff", {"bytes": [0, 255]}, {"bytes": [0, 255]}),
        ("bytes", b"ascii", {"bytes": list(b"ascii")}, "ascii"),
    ],
)
async def test_bodies_reach_the_handler_by_form(core: Core, form: str, body: bytes, value: object, raw: object) -> None:
    request = await _mirror(core, form, body)
    assert request["body"] == value
    assert request["rawBody"] == raw


async def test_requests_arrive_whole(core: Core) -> None:
    parts = {
        "method": "PUT",
        "path": "/a b/ä",
        "pathParams": {"id": "a b"},
        "queryParams": {"a": ["1", "2"], "b": {"c": "3"}, "d": "4"},
        "headers": {"x-one": "1", "cookie": ["a=1", "b=2"]},
    }
    request = await _mirror(core, "value", b"a=1", value={"a": "1"}, **parts)
    assert request == {**parts, "body": {"a": "1"}, "rawBody": "a=1"}


async def test_m23_middleware_order(core: Core) -> None:
    entry = next(entry for entry in core.manifest.steps if entry.file == core.project.step("wraps"))
    assert entry.middleware == 2
    response = core.value(await core.request("wraps", "json", b'{"seen": []}'))
    assert json.loads(response["body"]) == ["outer", "inner", "handler", "inner", "outer"]


async def test_a_middleware_that_returns_nothing_leaves_what_next_gave(core: Core) -> None:
    response = core.value(await core.request("wraps", "json", b'{"seen": [], "silent": true}'))
    assert json.loads(response["body"]) == ["outer", "inner", "handler"]


async def test_a_throw_behind_middleware_is_a_failure(core: Core) -> None:
    failure = (await core.request("wraps", "json", b'{"seen": [], "throws": true}')).failure
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert failure.message == "no place behind the middleware"


@pytest.mark.parametrize(
    ("answer", "status", "form", "body"),
    [
        ("text", 201, "text", "grüße"),
        ("bytes", 200, "bytes", b"\x00\xff"),
        ("none", 204, "none", b""),
        ("map", None, "json", {"a": [1, True, None, "ä"]}),
        ("list", 200, "json", []),
        ("number", 200, "json", 7.5),
        ("boolean", 200, "json", False),
    ],
)
async def test_m24_response_forms(core: Core, answer: str, status: int | None, form: str, body: object) -> None:
    response = core.value(await core.request("responds", "text", answer.encode()))
    assert response.get("status") == status
    assert response["form"] == form
    sent = response.get("body", b"")
    assert (json.loads(sent) if form == "json" else sent.decode() if form == "text" else sent) == body
    expected = {"x-one": "1", "x-many": ["1", "2"]} if answer == "text" else None
    assert (response.get("headers") or None) == expected


@pytest.mark.parametrize("answer", ["no map", "a string", "nothing"])
async def test_m25_api_step_without_a_response(core: Core, answer: str) -> None:
    result = await core.request("responds", "text", answer.encode())
    assert result.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert result.failure.message


async def test_an_http_error_carries_status_and_body(core: Core) -> None:
    failure = (await core.request("http_error")).failure
    assert failure.http_status == 418
    assert unpack(failure.http_body) == {"error": "a teapot"}


async def _mirror(core: Core, form: str, body: bytes, **parts: Any) -> Any:
    response = core.value(await core.request("mirrors", form, body, **parts))
    return json.loads(response["body"])
