"""web/control/repeats: what is sent again to the edge, or put into a queue again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.model import Span, TriggerKind
from runtime.services.redaction import REDACTED
from runtime.values import decode, encode
from tests.unit.services.spans import span_of
from tests.unit.web.control.controlled import World, refused

TRACE = "a" * 32


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.client.aclose()


def request(body: bytes = b'{"a":1}', **more: Any) -> Span:
    asked = {
        "method": "POST",
        "path": "/a b/ü",
        "pathParams": {},
        "queryParams": {"q": "1", "list": ["1", "2"], "map": {"k": "ä"}},
        "headers": {"x-name": "\xfc", "cookie": REDACTED, "content-length": "9", "x-many": ["1", "2"]},
        "body": body,
        **more,
    }
    data = encode(asked)
    return span_of(trace=TRACE, kind=TriggerKind.API, input=data, input_size=len(data), ended=1.0)


async def repeat(world: World, span: Span, body: Any) -> Any:
    world.traces.write([span], [])
    return await world.client.post("trace/repeat", params={"id": TRACE}, json=body)


async def test_a_request_goes_to_the_edge_as_it_came(world: World) -> None:
    answer = await repeat(world, request(), {})
    shown = {"status": 201, "headers": {"x-a": "1"}, "body": "made", "isCut": False}
    assert answer.json()["response"] == shown
    assert answer.json()["notKept"] == ["header cookie"]
    [(scope, body)] = world.requests
    assert [value for name, value in scope["headers"] if name == b"x-many"] == [b"1", b"2"]
    headers = dict(scope["headers"])
    assert (scope["method"], scope["path"], scope["raw_path"], body) == (
        "POST",
        "/a b/ü",
        b"/a%20b/%C3%BC",
        b'{"a":1}',
    )
    assert scope["query_string"] == b"q=1&list=1&list=2&map%5Bk%5D=%C3%A4"
    assert headers.pop(b"traceparent").decode().startswith(f"00-{answer.json()['traceId']}-")
    assert headers == {b"x-name": b"\xfc", b"x-many": b"2", b"content-length": b"7"}  # what was not kept is not sent


async def test_a_span_is_found_by_its_id_alone(world: World) -> None:
    world.traces.write([span_of(trace=TRACE, began=2.0, ended=3.0), last := request()], [])
    ask = world.client.post
    answer = await ask("trace/repeat", params={"id": TRACE, "span": last.span_id}, json={})
    assert answer.json()["response"]["status"] == 201
    for trace, span, what in (
        (TRACE, "9" * 16, "that span of the trace"),
        ("b" * 32, last.span_id, "that span of the trace"),
    ):
        answer = await ask("trace/repeat", params={"id": trace, "span": span}, json={})
        assert (answer.status_code, what in answer.text) == (404, True)
    answer = await ask("trace/repeat", params={"id": "b" * 32}, json={})
    assert (answer.status_code, "nothing is kept of a trace" in answer.text) == (404, True)


async def test_edited_path_parameters_lead_to_another_path(world: World) -> None:
    span = request(path="/echo/a/b", pathParams={"id": "a/b"})
    span.source = "POST /echo/:id"
    paths: list[str] = []
    for edited, sent in (
        ({}, b"/echo/a%2Fb"),
        ({"pathParams": {"id": "a/b"}, "path": "/echo/a/b"}, b"/echo/a%2Fb"),
        ({"pathParams": {"id": "c/d"}}, b"/echo/c%2Fd"),
        ({"pathParams": {"id": "c/d"}, "path": "/echo/a/b"}, b"/echo/c%2Fd"),
        ({"pathParams": {"id": "c/d"}, "path": "/echo/c/d"}, b"/echo/c%2Fd"),
        ({"path": "/echo/c/d"}, b"/echo/c/d"),
    ):
        assert (await repeat(world, span, {"input": edited})).status_code == 200
        scope, _ = world.requests[-1]
        assert (scope["raw_path"], edited) == (sent, edited)
        paths.append(scope["path"])
    assert paths == ["/echo/a/b"] * 2 + ["/echo/c/d"] * 4
    both = {"path": "/echo/e", "pathParams": {"id": "f"}}
    assert "edit one of the two" in refused(await repeat(world, span, {"input": both}), 400)["detail"]


async def test_a_header_that_is_answered_twice_is_shown_twice(world: World) -> None:
    world.answered = [(b"set-cookie", b"a=1"), (b"x-a", b"1"), (b"set-cookie", b"b=2")]
    answer = await repeat(world, request(), {})
    assert answer.json()["response"]["headers"] == {"set-cookie": ["a=1", "b=2"], "x-a": "1"}


async def test_bytes_are_bytes_again(world: World) -> None:
    raw = bytes(range(128, 256))
    await repeat(world, request(raw), {})
    await repeat(world, request(b""), {"input": {"body": {"$bytes": "gIE="}}})
    assert [body for _, body in world.requests] == [raw, b"\x80\x81"]


@pytest.mark.parametrize(
    "edited",
    [
        5,
        {"method": 1},
        {"path": "no slash"},
        {"headers": []},
        {"query": "a=1"},
        {"headers": {"x": "a\r\nhost: evil"}},
        {"headers": {"x\n": "a"}},
        {"headers": {"x": "☃"}},
        {"headers": {"": "a"}},
        {"headers": {"a b": "a"}},
        {"method": "GET /x"},
        {"pathParams": {"id": "1"}},
        {"unknown": 1},
        {"body": {"a": {"$bytes": "AA=="}}},
    ],
)
async def test_what_is_no_request_is_refused(world: World, edited: Any) -> None:
    refused(await repeat(world, request(), {"input": edited}), 400)
    assert world.requests == []


async def test_an_event_goes_into_its_queue_with_the_input_that_is_given(world: World) -> None:
    data = encode({"n": 1})
    span = span_of("Bill", TRACE, queue="order.created", input=data, input_size=len(data), ended=1.0)
    for body, sent in (({}, {"n": 1}), ({"input": {"n": 2}}, {"n": 2}), ({"input": None}, None)):
        answer = await repeat(world, span, body)
        assert answer.json()["response"] is None
        assert decode(world.bus.events[-1].event.data) == sent


async def test_what_was_not_kept_must_be_given(world: World) -> None:
    span = span_of("Bill", TRACE, queue="order.created", input=b"", input_size=70_000, ended=1.0)
    assert "was not kept" in refused(await repeat(world, span, {}), 422)["detail"]
    assert (await repeat(world, span, {"input": 1})).status_code == 200


async def test_what_is_not_known_is_refused(world: World) -> None:
    refused(await world.client.post("trace/repeat", params={"id": TRACE}, json={}), 404)
    world.traces.write([request()], [])
    refused(await world.client.post("trace/repeat", params={"id": TRACE, "span": "b" * 16}, json={}), 404)
