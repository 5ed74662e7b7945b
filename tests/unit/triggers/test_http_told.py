"""triggers/http: who is told of each request, and what."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtime.model import Failure, FailureKind, Outcome, RequestRecord
from runtime.triggers import http
from runtime.values import encode
from tests.fakes import settle
from tests.unit.triggers.asgi import OK, Client, failing
from tests.unit.triggers.test_streaming import Conversation, FakeBody

LOST = Failure(FailureKind.HANDLER, "the cause", "TypeError")


def listening(*script: Outcome, **more: Any) -> tuple[Client, list[RequestRecord]]:
    told: list[RequestRecord] = []
    return Client(*script, told=told.append, **more), told


async def test_a_request_is_told_when_it_is_answered() -> None:
    client, told = listening(OK)
    before = time.time()
    await client.request("GET", "/a?secret=1")
    [record] = told
    assert record[1:4] == ("GET", "/a", 200)
    assert (record.step, record.trace_id, record.ending) == ("Step0", client.headers["x-trace-id"], "")
    assert before <= record.time <= time.time()
    assert 0 <= record.seconds < 1


async def test_its_duration_is_the_handler_s(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((100.0, 107.5))
    monkeypatch.setattr(http, "monotonic", lambda: next(moments))
    client, told = listening(OK)
    await client.request("GET", "/a")
    assert told[0].seconds == 7.5


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "step"),
    [
        ("HEAD", "/a", {}, 200, "Step0"),
        ("GET", "/none", {}, 404, ""),
        ("DELETE", "/a", {}, 405, ""),
        ("OPTIONS", "/a", {}, 204, ""),
        ("GET", "/u/%FF", {}, 400, ""),
        ("POST", "/a", {"content-length": "5000"}, 413, ""),
        ("GET", "/openapi.json", {}, 200, ""),
    ],
)
async def test_every_answer_is_told(method: str, target: str, headers: dict[str, str], status: int, step: str) -> None:
    async def answer(headers: object) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        return 200, [], b"{}"

    client, told = listening(OK, builtin={"/openapi.json": answer})
    await client.request(method, target, headers)
    assert [record[1:4] for record in told] == [(method, target, status)]
    assert (told[0].step, told[0].trace_id) == (step, client.headers["x-trace-id"])


@pytest.mark.parametrize(("kind", "status"), [(FailureKind.HANDLER, 500), (FailureKind.DEADLINE, 504)])
async def test_failures_are_told_with_their_step(kind: FailureKind, status: int) -> None:
    client, told = listening(failing(kind))
    await client.request("GET", "/a")
    assert [(record.status, record.step) for record in told] == [(status, "Step0")]


async def test_a_client_that_leaves_before_its_request_is_complete() -> None:
    client, told = listening(OK)
    await client.request("POST", "/a", {"content-length": "5"})
    assert [(record.status, record.step, record.ending) for record in told] == [(499, "", "the client left")]


async def test_a_client_that_has_left_when_it_is_answered() -> None:
    client, told = listening(OK)
    await client.request("GET", "/a", client_left=True)  # as the server notes it
    assert [(record.status, record.ending) for record in told] == [(200, "the client left")]


def streamed(body: FakeBody) -> Outcome:
    return Outcome(encode({"form": "none"}), body=body)


async def test_a_streamed_answer_is_told_at_its_end() -> None:
    body = FakeBody(b"one")
    client, told = listening(streamed(body))
    talk = Conversation(client)
    await settle()
    assert told == []
    body.add(None)
    await talk.end()
    assert [(record.status, record.step, record.ending) for record in told] == [(200, "Step0", "")]


async def test_a_streamed_answer_whose_client_leaves() -> None:
    client, told = listening(streamed(FakeBody(b"one")))
    talk = Conversation(client)
    await settle()
    talk.leave()
    await talk.end()
    assert [(record.status, record.ending) for record in told] == [(200, "the client left")]


async def test_a_streamed_answer_that_breaks_off() -> None:
    client, told = listening(streamed(FakeBody(b"one", LOST)))
    await Conversation(client).end()
    assert [(record.status, record.ending) for record in told] == [(200, "it broke off")]


async def test_a_streamed_answer_without_a_body() -> None:
    client, told = listening(streamed(FakeBody(b"one")))
    await Conversation(client, "HEAD").end()
    assert [(record.method, record.ending) for record in told] == [("HEAD", "")]
