"""triggers/streaming: bodies that are sent as they are produced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest

from runtime.errors import BodyLost
from runtime.model import Failure, FailureKind, LogLevel, Outcome, RequestRecord
from runtime.values import encode
from tests.fakes import settle
from tests.unit.triggers.asgi import Client

LOST = Failure(FailureKind.HANDLER, "the secret cause", "TypeError")


class FakeBody:
    """Gives its pieces as a test adds them: bytes, a failure to break off with, or None for the end."""

    def __init__(self, *pieces: bytes | Failure | None) -> None:
        self.stopped = 0
        self._pieces: asyncio.Queue[bytes | Failure | None] = asyncio.Queue()
        for piece in pieces:
            self._pieces.put_nowait(piece)

    def add(self, piece: bytes | Failure | None) -> None:
        self._pieces.put_nowait(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, Failure):
                raise BodyLost(piece)
            yield piece

    def stop(self) -> None:
        self.stopped += 1


def streaming(body: FakeBody, **response: Any) -> Client:
    return Client(Outcome(encode({"form": "none", **response}), body=body))


class Conversation:
    """A request under way, whose client can leave."""

    def __init__(self, client: Client, method: str = "GET") -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": "/a",
            "raw_path": b"/a",
            "query_string": b"",
            "headers": [],
        }
        self._task = asyncio.ensure_future(client.edge(scope, self._receive, self._send))

    def leave(self) -> None:
        self._gone.set()

    async def end(self) -> None:
        await asyncio.wait_for(self._task, 5)

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:] if message.get("body")]

    @property
    def is_whole(self) -> bool:
        return not self.sent[-1].get("more_body", False)

    async def _receive(self) -> MutableMapping[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)


async def test_the_head_goes_before_the_first_piece_and_each_piece_as_it_comes() -> None:
    body = FakeBody()
    talk = Conversation(streaming(body, status=201, headers={"Content-Type": "text/event-stream"}))
    await settle()
    assert talk.sent[0]["status"] == 201
    headers = dict(talk.sent[0]["headers"])
    assert headers[b"content-type"] == b"text/event-stream"
    assert b"content-length" not in headers
    assert len(headers[b"x-trace-id"]) == 32
    assert talk.sent[1:] == [{"type": "http.response.body", "body": b"", "more_body": True}]
    for piece in (b"one", b"two"):
        body.add(piece)
        await settle()
        assert talk.pieces[-1] == piece
        assert not talk.is_whole
    body.add(None)
    await talk.end()
    assert (talk.pieces, talk.is_whole) == ([b"one", b"two"], True)


async def test_without_a_status_and_a_type_it_is_200_and_plain_text() -> None:
    client = await streaming(FakeBody(b"x", None)).request("GET", "/a")
    assert (client.status, client.headers["content-type"]) == (200, "text/plain; charset=utf-8")


async def test_a_body_that_breaks_off_has_no_end_and_its_story_goes_to_the_log() -> None:
    client = streaming(FakeBody(b"one", LOST))
    talk = Conversation(client)
    await talk.end()
    assert (talk.pieces, talk.is_whole) == ([b"one"], False)
    [(level, message, step, trace)] = client.reports.lines
    assert (level, step, trace) == (LogLevel.ERROR, "Step0", dict(talk.sent[0]["headers"])[b"x-trace-id"].decode())
    assert "TypeError: the secret cause" in message


async def test_a_client_that_leaves_stops_the_handler() -> None:
    body = FakeBody(b"one")
    client = streaming(body)
    talk = Conversation(client)
    await settle()
    assert body.stopped == 0
    talk.leave()
    await talk.end()
    assert body.stopped > 0
    assert client.reports.lines == []


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_where_no_body_is_sent_the_handler_is_stopped_at_once(method: str, status: int) -> None:
    body = FakeBody(b"one")
    talk = Conversation(streaming(body, status=status), method)
    await talk.end()
    assert (talk.pieces, talk.is_whole) == ([], True)
    assert body.stopped > 0


async def test_a_response_that_cannot_be_sent_stops_its_handler() -> None:
    body = FakeBody(b"one")
    client = await streaming(body, status="x").request("GET", "/a")
    assert client.status == 500
    assert body.stopped > 0


async def test_a_request_that_is_cancelled_stops_its_handler() -> None:
    body = FakeBody(b"one")
    talk = Conversation(streaming(body))
    await settle()
    talk._task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talk.end()
    assert body.stopped > 0


async def test_a_client_that_leaves_cancels_no_ordinary_handler() -> None:
    client = Client(Outcome(encode({"status": 200, "form": "none"})))
    client.fake.hold()
    talk = Conversation(client)
    await settle()
    talk.leave()
    await settle()
    assert (client.fake.running, client.fake.cancelled) == (1, [])
    client.fake.release()
    await talk.end()
    assert client.fake.cancelled == []


def told_streaming(body: FakeBody) -> tuple[Client, list[RequestRecord]]:
    told: list[RequestRecord] = []
    return Client(Outcome(encode({"form": "none"}), body=body), told=told.append), told


async def test_a_streamed_answer_is_told_at_its_end() -> None:
    body = FakeBody(b"one")
    client, told = told_streaming(body)
    talk = Conversation(client)
    await settle()
    assert told == []
    body.add(None)
    await talk.end()
    assert [(record.status, record.step, record.ending) for record in told] == [(200, "Step0", "")]


async def test_a_streamed_answer_whose_client_leaves() -> None:
    client, told = told_streaming(FakeBody(b"one"))
    talk = Conversation(client)
    await settle()
    talk.leave()
    await talk.end()
    assert [(record.status, record.ending) for record in told] == [(200, "the client left")]


async def test_a_streamed_answer_that_breaks_off() -> None:
    client, told = told_streaming(FakeBody(b"one", LOST))
    await Conversation(client).end()
    assert [(record.status, record.ending) for record in told] == [(200, "it broke off")]


async def test_a_streamed_answer_without_a_body() -> None:
    client, told = told_streaming(FakeBody(b"one"))
    await Conversation(client, "HEAD").end()
    assert [(record.method, record.ending) for record in told] == [("HEAD", "")]
