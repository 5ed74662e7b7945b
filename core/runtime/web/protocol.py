"""uvicorn's HTTP protocol with one write an answer, a bound on the head of a request, and WebSockets of our own."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from runtime.deadlines import Deadlines
from runtime.web.cut import CutOff
from runtime.web.heads import NO_REQUEST, TOO_LARGE, BadHead, head_bytes, is_offer, origin_form, unknown_method
from runtime.web.refusal import last_refusal
from runtime.web.sockets.handshake import begins_socket, check_offer, socket_scope
from runtime.web.sockets.websocket import WebSockets

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/1\.[01]\r?\n")
_WITHOUT_BODY = (204, 304)
# By these a parser knows where the body of a request ends, and whether another one may follow.
_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})

Message = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]


class Connections:
    """What the connections of one server share: the turn in which answers are written, and when idle ones end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers: list[tuple[Any, bytes]] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._lines = b""
        # uvicorn sets a timer for each answer, which costs more than the rest of its bookkeeping.
        self.idle = Deadlines[OneWriteProtocol](OneWriteProtocol.timeout_keep_alive_handler)

    def lines_of(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The headers of all answers as lines; uvicorn makes another list of them each second, for their date."""
        if headers is not self._headers:
            self._headers = headers
            self._lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return self._lines

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
        parts = [STATUS_LINE[head["status"]], self._connections.lines_of(cycle.default_headers)]
        is_head = cycle.scope["method"] == "HEAD"
        says_length = is_head or head["status"] in _WITHOUT_BODY
        for name, value in head["headers"]:
            parts += (name, b": ", value, b"\r\n")
            if name == b"content-length":
                says_length = True
        if not says_length:  # or the client would wait for the end of the connection
            parts.append(b"content-length: %d\r\n" % len(body))
        parts += (b"\r\n", b"" if is_head else body)
        self._connections.write_soon(cycle.transport, b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _in_one_write(application: Application, connections: Connections) -> Application:
    async def serve(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        try:
            await application(scope, receive, _Answer(send.__self__, connections).send)
        except CutOff:
            send.__self__.transport.abort()
        except asyncio.CancelledError:  # whoever stops the server waits no longer; uvicorn would send a text of its own
            send.__self__.disconnected = True
            send.__self__.transport.abort()
            raise

    return serve


class OneWriteProtocol(HttpToolsProtocol):
    """Writes short answers whole, bounds what a request's head may hold, and takes no offer but that of a WebSocket."""

    def __init__(
        self,
        *arguments: Any,
        connections: Connections,
        sockets: WebSockets | None,
        max_header_bytes: int,
        keep_alive: float,
        **more: Any,
    ) -> None:
        """Takes what uvicorn gives, what this server's connections share, a bound in bytes and one in seconds.

        Without `sockets` (None) no offer is taken.
        """
        super().__init__(*arguments, **more)
        application: Any = self.app
        self.app = _in_one_write(application, connections)
        self._connections = connections
        self._sockets = sockets
        self._begins_socket = False
        self._max_header_bytes = max_header_bytes
        self._keep_alive = keep_alive
        # Of a head whose end has not come, so many bytes have; where it began behind something else is not known.
        self._at_least = self._at_most = 0
        self._may_be_long = False
        self._is_replay = False
        self._line = b""
        """What has come of a request line whose method is unknown."""

    def data_received(self, data: bytes) -> None:
        """Parses what has come; a head that does not end within the bound ends the connection with 431."""
        cycle, scope = self.cycle, self.scope
        is_first = cycle is None or not cycle.more_body
        self._may_be_long = self._at_most + len(data) > self._max_header_bytes
        if not self._feed(data, is_first):
            return
        # uvicorn begins a scope with each head and knows its method at the end.
        if self.scope is not None and "method" in self.scope:
            self._at_least = self._at_most = 0
            if self.cycle is not None and self.cycle.more_body and not (self.cycle.response_complete or self.pipeline):
                self._connections.idle.remove(self, self._keep_alive)
                self._connections.idle.add(self, self._keep_alive)
        else:
            self._count(len(data), self.scope is scope or (is_first and self.cycle is cycle))

    def _count(self, size: int, is_all_head: bool) -> None:
        """Counts bytes of a head that goes on; they may begin with the end of something else."""
        self._at_least = self._at_least + size if is_all_head else 0
        self._at_most = self._at_most + size if is_all_head else size
        if self._at_least > self._max_header_bytes:
            self._refuse(431, TOO_LARGE)

    def _feed(self, data: bytes, is_first: bool) -> bool:
        """Parses what has come; false when HTTP ends with it. `is_first` where a request begins with it, or goes on."""
        cycle = self.cycle
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:  # raised at the end of the head; what follows has not been read
                data = data[offer.args[0] :]
                if self._begins_socket:
                    self._begin_socket(data)
                    return False
                self._pass_over_offer()
            except HttpParserInvalidMethodError:
                self._refuse_method(data if is_first and self.cycle is cycle else b"\n")
                return False
            except HttpParserError as error:
                fault = error.__context__
                status = fault.status if isinstance(fault, BadHead) else 400
                self._refuse(status, str(fault) if isinstance(fault, BadHead) else NO_REQUEST)
                return False
            else:
                break
        return True

    def _pass_over_offer(self) -> None:
        """Goes on with the request as it is, which a server may do that does not want to change (RFC 9110, 7.8).

        A parser that has seen an offer takes the end of the head for the end of HTTP. Another one takes over, which is
        told of the body that is to come, and of no offer.
        """
        scope, headers = self.scope, self.headers
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = b"".join(name + b": " + value + b"\r\n" for name, value in headers if name in _FRAMING)
        self._is_replay = True
        self.parser.feed_data(b"POST / HTTP/%b\r\n%b\r\n" % (scope["http_version"].encode(), framing))
        self._is_replay = False
        self.scope, self.headers = scope, headers

    def _is_socket_offer(self) -> bool:
        """Whether a socket begins with this request: none does behind answers that are not sent yet.

        asyncio says but once that a client takes too little, and would not say it to the socket again.
        """
        version = self.parser.get_http_version().encode()
        if self._sockets is None or not begins_socket(self.parser.get_method(), version, self.headers):
            return False
        check_offer(self.headers)
        return (self.cycle is None or self.cycle.response_complete) and not (self.pipeline or self.flow.write_paused)

    def _begin_socket(self, received: bytes) -> None:
        """Hands the connection over, with what has come behind the head."""
        assert self._sockets is not None
        self._connections.write_now()
        self._connections.idle.remove(self, self._keep_alive)
        self.connections.discard(self)
        scheme = "wss" if self.scheme == "https" else "ws"
        scope = socket_scope(self.url, self.headers, scheme=scheme, client=self.client, server=self.server)
        socket = self._sockets.take(self.transport, scope, received, lambda _: None)
        task = self.loop.create_task(self._sockets.serve(socket))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self.parser = None  # type: ignore[assignment]  # which refers to this object

    def _refuse_method(self, data: bytes) -> None:
        """Answers a method that the parser does not know, when its line has come, which tells it from noise."""
        self._line += data
        if b"\n" in self._line or len(self._line) > self._max_header_bytes:
            is_request = _REQUEST_LINE.match(self._line) is not None
            self._refuse(*((405, str(unknown_method())) if is_request else (400, NO_REQUEST)))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header, but none that comes behind the body: it could pass for one that was looked at before."""
        if "method" in self.scope:
            return
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begins a request. Raises `BadHead` for one that no server may take."""
        if self._is_replay:
            return
        if self._may_be_long and head_bytes(self.url, self.headers) > self._max_header_bytes:
            raise BadHead(431, TOO_LARGE)
        hosts = len([name for name, _ in self.headers if name == b"host"])
        if hosts != 1 and (hosts or self.parser.get_http_version() != "1.0"):
            raise BadHead(400, "the request needs one Host header")
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise unknown_method()
            self._begins_socket = self._is_socket_offer()
            if not self._begins_socket:
                self.headers[:] = [header for header in self.headers if not is_offer(header)]
        if not self.url.startswith(b"/"):
            self.url = origin_form(self.url)
        if not self._begins_socket:
            super().on_headers_complete()

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
        if self.parser.should_upgrade():
            return  # of a request with an offer, the body is still to come
        self._connections.idle.remove(self, self._keep_alive)
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()

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

    def _should_upgrade(self) -> bool:
        return False

    def shutdown(self) -> None:
        """Ends the connection, after the answer to a request that is under way."""
        self._connections.write_now()
        super().shutdown()

    def _refuse(self, status: int, detail: str) -> None:
        """Ends the connection after the answers that are due, with one more where the next in turn is this."""
        cycle = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if not (is_answered or cycle.more_body or self.pipeline):
            return self.shutdown()
        self._connections.write_now()
        if (is_answered or not cycle.response_started) and not self.pipeline and not self.transport.is_closing():
            headers, body = last_refusal(status, detail)
            lines = (name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + b"".join(lines) + b"\r\n" + body)
        return self.transport.close()
