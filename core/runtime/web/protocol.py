"""uvicorn's HTTP protocol with one write an answer, and with a bound on the head of a request."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from runtime.deadlines import Deadlines
from runtime.web.refusal import refusal

_HEAD_TOO_LARGE = "the head of the request is longer than http.maxHeaderBytes"
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)

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

    __slots__ = ("_connections", "_cycle", "_ends_with_connection", "_head")

    def __init__(self, cycle: RequestResponseCycle, connections: Connections) -> None:
        self._cycle = cycle
        self._connections = connections
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
            self._connections.write_now()
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


def _without_upgrade(data: bytes) -> bytes:
    """What has come, without an offer to change the protocol, which a server may pass over (RFC 9110, section 7.8).

    The parser takes the offer for the end of HTTP and drops the body; some clients make it with their first request.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head) + end + rest


class OneWriteProtocol(HttpToolsProtocol):
    """Writes short answers whole, and bounds what a request's head may hold."""

    def __init__(
        self, *arguments: Any, connections: Connections, max_header_bytes: int, keep_alive: float, **more: Any
    ) -> None:
        """Takes what uvicorn gives, what this server's connections share, a bound in bytes and one in seconds."""
        super().__init__(*arguments, **more)
        application: Any = self.app
        self.app = _in_one_write(application, connections)
        self._connections = connections
        self._max_header_bytes = max_header_bytes
        self._keep_alive = keep_alive
        self._unfinished = 0
        """Bytes of a head whose end has not come."""

    def data_received(self, data: bytes) -> None:
        """Parses what has come; a head that does not end within the bound ends the connection with 431."""
        if len(data) > self._max_header_bytes and self._begins_endless_head(data):
            return self._refuse(431, _HEAD_TOO_LARGE)
        super().data_received(_without_upgrade(data) if b"pgrade:" in data else data)
        # uvicorn begins a scope with each head and knows its method at the end.
        if self.scope is not None and "method" in self.scope:
            self._unfinished = 0
            if self.cycle is not None and self.cycle.more_body and not (self.cycle.response_complete or self.pipeline):
                self._connections.idle.remove(self, self._keep_alive)
                self._connections.idle.add(self, self._keep_alive)
            return None
        self._unfinished += len(data)
        return self._refuse(431, _HEAD_TOO_LARGE) if self._unfinished > self._max_header_bytes else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins the connection, which ends when its first request does not come in time."""
        super().connection_made(transport)
        self._connections.idle.add(self, self._keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection."""
        self._connections.idle.remove(self, self._keep_alive)
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        """Ends the request's arrival, which had to go on: its head in time, its body without a long pause."""
        self._connections.idle.remove(self, self._keep_alive)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Goes on to the next request, or waits for one as long as a connection is kept."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            if self.pipeline or not self.cycle.more_body:
                return
        self._connections.idle.add(self, self._keep_alive)

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP and ends the connection."""
        self._refuse(400, "this is no HTTP request")

    def _unsupported_upgrade_warning(self) -> None:
        # The parser reads nothing after this request: its head came in pieces, or it would have no offer any more.
        self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Ends the connection, after the answer to a request that is under way."""
        self._connections.write_now()
        super().shutdown()

    def _begins_endless_head(self, data: bytes) -> bool:
        is_between_bodies = self.cycle is None or not self.cycle.more_body
        return is_between_bodies and data.find(b"\r\n\r\n", 0, self._max_header_bytes) < 0

    def _refuse(self, status: int, detail: str) -> None:
        """Ends the connection after the answers that are due, with one more where the next in turn is this."""
        cycle = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if not (is_answered or cycle.more_body or self.pipeline):
            return self.shutdown()
        self._connections.write_now()
        if (is_answered or not cycle.response_started) and not self.pipeline and not self.transport.is_closing():
            headers, body = refusal(status, detail)
            lines = (name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + b"".join(lines) + b"\r\n" + body)
        return self.transport.close()
