"""Answers that leave in one write each, and those of one turn of the event loop in one row."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from runtime.web.cut import CutOff

_WITHOUT_BODY = (204, 304)

_ROW = 16
"""Answers that leave without waiting for the rest of their turn: their readers go on meanwhile."""

Message = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]


class Answers:
    """What the connections of one server have to write."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers: list[tuple[Any, bytes]] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._lines = b""

    def lines_of(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The headers of all answers as lines; uvicorn makes another list of them each second, for their date."""
        if headers is not self._headers:
            self._headers = headers
            self._lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return self._lines

    def write_soon(self, transport: Any, data: bytes) -> None:
        """Writes at the end of this turn of the loop.

        The answers of a turn leave in rows: one at a time they would wake their readers one at a time, whose
        next requests would then come, and cost, one at a time.
        """
        if not self._answers:
            self._loop.call_soon(self.write_now)
        self._answers.append((transport, data))
        if len(self._answers) >= _ROW:
            self.write_now()

    def write_now(self) -> None:
        """Writes what waits, before something else is written or a connection ends."""
        answers, self._answers = self._answers, []
        for transport, data in answers:
            if not transport.is_closing():  # a client that has left must not cost the others their answers
                transport.write(data)


def answer_bytes(
    status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, lines: bytes, *, is_head: bool = False
) -> bytes:
    """A complete answer; `lines` are the headers of all answers."""
    parts = [STATUS_LINE[status], lines]
    says_length = is_head or status in _WITHOUT_BODY
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        if name == b"content-length":
            says_length = True
    if not says_length:  # or the client would wait for the end of the connection
        parts.append(b"content-length: %d\r\n" % len(body))
    parts += (b"\r\n", b"" if is_head else body)
    return b"".join(parts)


class _Answer:
    """Sends one answer: a short one in a single write, which costs half of what uvicorn's own way does.

    uvicorn checks and writes head and body apart. Here the head waits for the body; an answer that is not
    complete then, or that ends the connection, goes uvicorn's way.
    """

    __slots__ = ("_answers", "_cycle", "_ends_with_connection", "_head")

    def __init__(self, cycle: RequestResponseCycle, answers: Answers) -> None:
        self._cycle = cycle
        self._answers = answers
        self._head: Message | None = None
        self._ends_with_connection = False

    async def send(self, message: Message) -> None:
        cycle, head = self._cycle, self._head
        if head is None:
            if cycle.response_started:
                return await self._pass_on(message)
            self._head = message
            if cycle.waiting_for_100_continue:
                # The client may send the body all the same, or not: what comes next could be either.
                cycle.keep_alive = False
            return None
        self._head = None
        if message.get("more_body") or not cycle.keep_alive or cycle.flow.write_paused or cycle.disconnected:
            self._answers.write_now()
            if cycle.disconnected:
                cycle.scope["client_left"] = True  # type: ignore[typeddict-unknown-key]  # for the line of the request
            if cycle.scope["http_version"] == "1.0" and all(name != b"content-length" for name, _ in head["headers"]):
                self._ends_with_connection = True
                cycle.chunked_encoding = False  # which HTTP/1.0 does not know
            await cycle.send(head)  # type: ignore[arg-type]
            await self._pass_on(message)
        else:
            self._write(head, message.get("body", b""))
        return None

    async def _pass_on(self, message: Message) -> None:
        """Sends a part of the body uvicorn's way."""
        if self._ends_with_connection:
            size = sys.maxsize if message.get("more_body") else len(message.get("body", b""))
            self._cycle.expected_content_length = size
        await self._cycle.send(message)  # type: ignore[arg-type]

    def _write(self, head: Message, body: bytes) -> None:
        cycle = self._cycle
        lines = self._answers.lines_of(cycle.default_headers)
        is_head = cycle.scope["method"] == "HEAD"
        data = answer_bytes(head["status"], head["headers"], body, lines, is_head=is_head)
        self._answers.write_soon(cycle.transport, data)
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def in_one_write(application: Application, answers: Answers) -> Application:
    """The application, for uvicorn's cycles."""

    async def serve(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        try:
            await application(scope, receive, _Answer(send.__self__, answers).send)
        except CutOff:
            send.__self__.transport.abort()
        except asyncio.CancelledError:  # whoever stops the server waits no longer; uvicorn would send a text of its own
            send.__self__.disconnected = True
            send.__self__.transport.abort()
            raise

    return serve
