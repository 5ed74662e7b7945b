"""web/whole: requests that come whole are answered by calls, and by nothing else that a client could tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from runtime.contracts import Reply
from tests.fakes import settle
from tests.unit.web.serving import connected, serving

HEADERS = [(b"content-length", b"2")]
PATIENCE = 5


class Desk:
    """Takes the requests that are offered, and keeps them until a test answers; `tasks` got the others."""

    def __init__(self, *, answers: bool = True) -> None:
        self.taken: list[tuple[str, str, bytes, bytes]] = []
        self.tasks: list[str] = []
        self.replies: list[Reply] = []
        self.left = 0
        self.came = asyncio.Event()
        self.refuses: Callable[[str], bool] = lambda path: False
        self._answers = answers

    def at_once(
        self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes, reply: Reply
    ) -> Callable[[], None] | None:
        if self.refuses(path):
            return None
        self.taken.append((method, path, query, body))
        self.replies.append(reply)
        self.came.set()
        if self._answers:
            reply.send(200, HEADERS, b"ok")
        return self._leave

    def _leave(self) -> None:
        self.left += 1

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.tasks.append(f"{scope['method']} {scope['path']} {len(body)}")
        await answer(scope, receive, send)

    def serving(self, **more: Any) -> Any:
        return serving("uvicorn", self.application, at_once=self.at_once, **more)

    async def asked(self) -> Reply:
        """The newest request, when it has come."""
        async with asyncio.timeout(PATIENCE):
            await self.came.wait()
        self.came.clear()
        return self.replies[-1]


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"so"})


async def until(check: Callable[[], bool]) -> None:
    """Returns when the server has noticed."""
    async with asyncio.timeout(PATIENCE):
        while not check():
            await settle()


async def test_a_request_that_is_there_at_once_is_answered_by_a_call() -> None:
    desk = Desk()
    async with desk.serving() as (port, _), connected(port) as client:
        client.say("GET /a?x=1&y=2 HTTP/1.1")
        assert await client.answer() == (200, b"ok")
        client.say("POST /b HTTP/1.1\nContent-Length: 3", b"abc")
        assert await client.answer() == (200, b"ok")
        client.say("POST /c HTTP/1.1\nTransfer-Encoding: chunked", b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n\r\n")
        assert await client.answer() == (200, b"ok")
    assert desk.taken == [("GET", "/a", b"x=1&y=2", b""), ("POST", "/b", b"", b"abc"), ("POST", "/c", b"", b"abcde")]
    assert desk.tasks == []


@pytest.mark.parametrize(
    "head",
    [
        "HEAD /a HTTP/1.1",
        "GET /a%20b HTTP/1.1",
        "GET /a HTTP/1.0",
        "GET /a HTTP/1.1\nConnection: close",
        "POST /a HTTP/1.1\nExpect: 100-continue\nContent-Length: 0",
        "GET /a HTTP/1.1\nConnection: Upgrade\nUpgrade: h2c",
    ],
)
async def test_others_have_a_task(head: str) -> None:
    desk = Desk()
    async with desk.serving() as (port, _), connected(port) as client:
        client.say(head)
        assert await client.head() != b""
        assert desk.taken == []


async def test_a_body_that_comes_later_has_a_task() -> None:
    desk = Desk()
    async with desk.serving() as (port, _), connected(port) as client:
        # With the answer to the first, the part of the second that came along has been read.
        client.writer.write(
            b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc"
        )
        assert await client.answer() == (200, b"ok")
        client.writer.write(b"def")
        assert await client.answer() == (201, b"so")
        client.say("GET /c HTTP/1.1")
        assert await client.answer() == (200, b"ok")
    assert [path for _, path, _, _ in desk.taken] == ["/a", "/c"]
    assert desk.tasks == ["POST /b 6"]


async def test_what_is_not_taken_has_a_task_and_the_connection_goes_on() -> None:
    desk = Desk()
    desk.refuses = lambda path: path == "/long"
    async with desk.serving() as (port, _), connected(port) as client:
        for _ in range(2):
            client.say("POST /long HTTP/1.1\nContent-Length: 3", b"abc")
            assert await client.answer() == (201, b"so")
            client.say("GET /short HTTP/1.1")
            assert await client.answer() == (200, b"ok")
    assert desk.tasks == ["POST /long 3"] * 2
    assert len(desk.taken) == 2


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    desk = Desk(answers=False)
    async with desk.serving() as (port, _), connected(port) as client:
        for path in ("/1", "/2", "/3"):
            client.say(f"GET {path} HTTP/1.1")
        (await desk.asked()).send(200, HEADERS, b"ok")
        assert [await client.answer() for _ in range(3)] == [(200, b"ok"), (201, b"so"), (201, b"so")]
        client.say("GET /4 HTTP/1.1")
        (await desk.asked()).send(200, HEADERS, b"ok")
        assert await client.answer() == (200, b"ok")
    assert [path for _, path, _, _ in desk.taken] == ["/1", "/4"]
    assert desk.tasks == ["GET /2 0", "GET /3 0"]


async def test_an_application_may_go_on() -> None:
    desk = Desk(answers=False)
    async with desk.serving() as (port, _), connected(port) as client:
        client.say("GET /a HTTP/1.1")
        (await desk.asked()).go_on(answer)
        assert await client.answer() == (201, b"so")
        client.say("GET /b HTTP/1.1")
        (await desk.asked()).send(200, HEADERS, b"ok")
        assert await client.answer() == (200, b"ok")


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_client_that_leaves_costs_nothing(goes_on: bool) -> None:
    desk = Desk(answers=False)
    async with desk.serving() as (port, _):
        async with connected(port) as client:
            client.say("GET /a HTTP/1.1")
            reply = await desk.asked()
        await until(lambda: reply.has_left)
        if goes_on:
            reply.go_on(answer)
        else:
            reply.send(200, HEADERS, b"ok")
        async with connected(port) as client:
            client.say("GET /b HTTP/1.1")
            (await desk.asked()).send(200, HEADERS, b"ok")
            assert await client.answer() == (200, b"ok")


async def test_a_stop_lets_requests_end_and_their_connections_with_them() -> None:
    desk = Desk(answers=False)
    async with desk.serving() as (port, stop), connected(port) as client:
        client.say("GET /a HTTP/1.1")
        reply = await desk.asked()
        stop.set()
        await until(lambda: not reply.keep_alive)  # type: ignore[attr-defined]  # the server has told its connections
        reply.send(200, HEADERS, b"ok")
        assert b"connection: close" in await client.head()
        assert await client.rest() == b"ok"
    assert desk.left == 0


async def test_a_stop_waits_no_longer_than_its_grace() -> None:
    desk = Desk(answers=False)
    async with desk.serving(grace=0.1) as (port, stop), connected(port) as client:
        client.say("GET /a HTTP/1.1")
        reply = await desk.asked()
        stop.set()
        async with asyncio.timeout(PATIENCE):
            assert await client.rest() == b""
        assert (desk.left, reply.has_left) == (1, True)


async def test_a_client_that_takes_no_answers_is_asked_for_no_more() -> None:
    desk = Desk(answers=False)
    big = b"x" * 20_000_000
    async with desk.serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        for _ in range(3):
            writer.write(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        (await desk.asked()).send(200, [(b"content-length", b"%d" % len(big))], big)
        assert b" 200 " in await reader.readline()
        # The second and the third have tasks, which wait until there is room.
        assert len(desk.taken) == 1
        writer.transport.abort()
