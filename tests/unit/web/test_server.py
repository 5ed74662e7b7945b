"""web/server: what an ASGI application says arrives, over each server that can carry it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from runtime.config import HttpSettings
from runtime.web.server import http_server, listen

GRACE = 5.0
SERVERS = ("uvicorn", "hypercorn")


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with as many letters as the path says, in one message or in two."""
    size = int(scope["path"].strip("/").removesuffix("-parts"))
    body = b"x" * size
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body"})
    elif scope["path"].endswith("-parts"):
        await send({"type": "http.response.body", "body": body[: size // 2], "more_body": True})
        await send({"type": "http.response.body", "body": body[size // 2 :]})
    else:
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(
    server: str, application: Callable[..., Any] = application, **settings: Any
) -> AsyncIterator[tuple[int, anyio.Event]]:
    """Serves on a free port; gives it, and the event that stops the server."""
    chosen = HttpSettings(port=0, server=server, **settings)
    listener = listen(chosen)
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(http_server(chosen, application).serve, listener, stop, GRACE)
        try:
            yield listener.getsockname()[1], stop
        finally:
            stop.set()
    listener.close()


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    """The status line of one answer, and how long its body is."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    [length] = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")]
    return lines[0], len(await reader.readexactly(length))


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode()


@pytest.mark.parametrize("server", SERVERS)
async def test_answers_to_pipelined_requests_keep_their_order(server: str) -> None:
    sizes = [3, 100_000, 0, 1, 70_000, 5]
    async with serving(server) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for size in sizes:
            writer.write(get(f"/{size}") + get(f"/{size}-parts"))
        assert [(await answer(reader))[1] for _ in range(2 * len(sizes))] == [s for s in sizes for _ in range(2)]
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_many_connections_get_their_own_answers(server: str) -> None:
    async def ask(size: int) -> tuple[bytes, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get(f"/{size}"))
        found = await answer(reader)
        writer.close()
        return found

    async with serving(server) as (port, _):
        answers = await asyncio.gather(*(ask(size) for size in range(100)))
    assert answers == [(b"http/1.1 200 ok" if server == "uvicorn" else b"http/1.1 200 ", n) for n in range(100)]


@pytest.mark.parametrize("server", SERVERS)
async def test_head_has_the_head_alone(server: str) -> None:
    async with serving(server) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HEAD /500 HTTP/1.1\r\nHost: test\r\n\r\n" + get("/7"))
        assert b"content-length: 500" in await reader.readuntil(b"\r\n\r\n")
        assert (await answer(reader))[1] == 7
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_an_application_gives_to_head_is_not_sent(server: str) -> None:
    async def careless(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "method": "GET"}, receive, send)

    async with serving(server, careless) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HEAD /500 HTTP/1.1\r\nHost: test\r\n\r\n" + get("/7"))
        assert b"content-length: 500" in await reader.readuntil(b"\r\n\r\n")
        assert (await answer(reader))[1] == 7
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_connection_that_is_to_close_is_closed_after_the_answer(server: str) -> None:
    async with serving(server) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/9", "Connection: close\r\n"))
        assert (await answer(reader))[1] == 9
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_an_idle_connection_ends_when_it_has_been_kept_long_enough(server: str) -> None:
    async with serving(server, keep_alive=1) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/1"))
        await answer(reader)
        began = asyncio.get_running_loop().time()
        assert await reader.read() == b""
        assert 0.9 < asyncio.get_running_loop().time() - began < 3
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_what_runs_when_the_server_stops_is_answered(server: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await leave.wait()
        await application(scope, receive, send)

    async with serving(server, slow) as (port, stop):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/11"))
        await entered.wait()
        stop.set()
        leave.set()
        assert (await answer(reader))[1] == 11
        writer.close()


async def test_no_http_is_refused_after_the_answers_that_are_due() -> None:
    async with serving("uvicorn") as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/4"))
        assert (await answer(reader))[1] == 4
        writer.write(b"this is no request\r\n\r\n")
        assert b" 400 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()


async def test_an_offer_of_http_2_is_passed_over_and_the_body_arrives() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        headers = [(b"content-length", b"%d" % len(message["body"]))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": message["body"]})

    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    async with serving("uvicorn", echo) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in (b"h2c\r\nUpgrade: h2c\r\n\r\n", b"{}"):
            head = b"POST / HTTP/1.1\r\nHost: test\r\n%bContent-Length: %d\r\n\r\n" % (offer, len(body))
            writer.write(head + body)
            assert (await answer(reader))[1] == len(body)
        writer.close()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Exception, match=rf"127\.0\.0\.1:{other.getsockname()[1]}"):
            listen(HttpSettings(port=other.getsockname()[1]))
