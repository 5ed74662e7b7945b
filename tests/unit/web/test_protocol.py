"""web/protocol: answers that leave in one row, and where sockets begin."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

from runtime.config import StreamSettings
from runtime.web.onewrite import Answers
from tests.fakes import settle
from tests.unit.web.serving import serving


class FakeTransport:
    """Keeps what is written; as uvloop's does, it refuses when its client has gone."""

    def __init__(self, gone: bool = False) -> None:
        self.gone = gone
        self.written = b""

    def is_closing(self) -> bool:
        """True when the client has gone."""
        return self.gone

    def write(self, data: bytes) -> None:
        """Keeps the data."""
        if self.gone:
            raise RuntimeError("the handler is closed")
        self.written += data


async def test_a_client_that_has_left_costs_no_other_its_answer() -> None:
    answers = Answers()
    before, gone, after = FakeTransport(), FakeTransport(gone=True), FakeTransport()
    for transport in (before, gone, after):
        answers.write_soon(transport, b"answer")
    assert before.written == b""
    await settle()
    assert before.written == after.written == b"answer"


async def test_no_socket_begins_behind_an_answer_that_its_client_does_not_take() -> None:
    asked: list[str] = []
    over = asyncio.Event()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["type"])
        if len(asked) == 2:
            over.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 20_000_000})

    offer = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n"
    async with serving("uvicorn", answer, streams=StreamSettings()) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b" 200 " in await reader.readline()
        key = b64encode(bytes(16)).decode()
        writer.write(f"GET / HTTP/1.1\r\nHost: h\r\n{offer.format(key)}\r\n".encode())
        async with asyncio.timeout(5):
            await over.wait()
        writer.transport.abort()
    assert asked == ["http", "http"]
