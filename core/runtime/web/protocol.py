"""uvicorn's HTTP protocol with one write an answer, and with a bound on the head of a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from runtime.deadlines import Deadlines

_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_H2C = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n|$)", re.IGNORECASE)
_H2C_OFFER = re.compile(rb"\r\n(?:upgrade|http2-settings|connection):[^\r\n]*", re.IGNORECASE)

Message = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]


class Connections:
    """What the connections of one server share: the turn in which answers are written, and when idle ones end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers: list[tuple[Any, bytes]] = []
        # uvicorn sets a timer for each answer, which costs more than the rest of its bookkeeping.
        self.idle = Deadlines[OneWriteProtocol](OneWriteProtocol.timeout_keep_alive_handler)

    def write_soon(self, transport: Any, data: bytes) -> None:
        """Writes at the end of this turn of the loop.

        The answers of a turn leave in one row: one at a time they would wake their readers one at a time, whose
        next requests would then come, and cost, one at a time.
        """
        if not self._answers:
            self._loop.call_soon(self.write_now)
        self._answers.append((transport, data))

    def write_now(self) -> None:
        """Writes what waits, before something else is written or a connection ends."""
        answers, self._answers = self._answers, []
        for transport, data in answers:
            if not transport.is_closing():  # a client that has left must not cost the others their answers
                transport.write(data)


class _Answer:
    """Sends one answer: a short one in a single write, which costs half of what uvicorn's own way does.

    uvicorn checks and writes head and body apart. Here the head waits for the body; an answer that is not
    complete then, or that ends the connection, goes uvicorn's way.
    """

    __slots__ = ("_connections", "_cycle", "_head")

    def __init__(self, cycle: RequestResponseCycle, connections: Connections) -> None:
        self._cycle = cycle
        self._connections = connections
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        cycle, head = self._cycle, self._head
        if head is None:
            if cycle.response_started:
                await cycle.send(message)  # type: ignore[arg-type]
            else:
                self._head = message
            return
        self._head = None
        if message.get("more_body") or not cycle.keep_alive or cycle.flow.write_paused or cycle.disconnected:
            self._connections.write_now()
            await cycle.send(head)  # type: ignore[arg-type]
            await cycle.send(message)  # type: ignore[arg-type]
        else:
            self._write(head, message.get("body", b""))

    def _write(self, head: Message, body: bytes) -> None:
        cycle = self._cycle
        parts = [STATUS_LINE[head["status"]]]
        for name, value in head["headers"]:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n", b"" if cycle.scope["method"] == "HEAD" else body)
        self._connections.write_soon(cycle.transport, b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _in_one_write(application: Application, connections: Connections) -> Application:
    async def serve(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        await application(scope, receive, _Answer(send.__self__, connections).send)

    return serve


def _without_h2c(data: bytes) -> bytes:
    """What has come, without the offer to go on in HTTP/2, which a server may pass over (RFC 7540, section 3.2).

    The parser takes the offer for the end of HTTP and drops the body; some clients make it with their first request.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _H2C_OFFER.sub(b"", head) + end + rest if _H2C.search(head) else data


class OneWriteProtocol(HttpToolsProtocol):
    """Writes short answers whole, and bounds what a request's head may hold."""

    def __init__(self, *arguments: Any, connections: Connections, max_header_bytes: int, **more: Any) -> None:
        """Takes what uvicorn gives, what this server's connections share, and the bound in bytes."""
        super().__init__(*arguments, **more)
        application: Any = self.app
        self.app = _in_one_write(application, connections)
        self._connections = connections
        self._max_header_bytes = max_header_bytes
        self._unfinished = 0
        """Bytes of a head whose end has not come."""

    def data_received(self, data: bytes) -> None:
        """Parses what has come; a head that does not end within the bound ends the connection with 431."""
        if len(data) > self._max_header_bytes and self._begins_endless_head(data):
            return self._refuse_head()
        super().data_received(_without_h2c(data) if b"h2c" in data else data)
        # uvicorn begins a scope with each head and knows its method at the end.
        if self.scope is not None and "method" in self.scope:
            self._unfinished = 0
            return None
        self._unfinished += len(data)
        return self._refuse_head() if self._unfinished > self._max_header_bytes else None

    def on_response_complete(self) -> None:
        """Goes on to the next request, or waits for one as long as a connection is kept."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._connections.idle.add(self, self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._connections.idle.remove(self, self.timeout_keep_alive)

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP and ends the connection."""
        self._connections.write_now()
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """Ends the connection, after the answer to a request that is under way."""
        self._connections.write_now()
        super().shutdown()

    def _begins_endless_head(self, data: bytes) -> bool:
        is_between_bodies = self.cycle is None or not self.cycle.more_body
        return is_between_bodies and data.find(b"\r\n\r\n", 0, self._max_header_bytes) < 0

    def _refuse_head(self) -> None:
        self._connections.write_now()
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
