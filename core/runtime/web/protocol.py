"""uvicorn's HTTP protocol with one write an answer, a bound on the head of a request, and WebSockets of our own."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from runtime.deadlines import Deadlines
from runtime.web.heads import NO_REQUEST, TOO_LARGE, BadHead, head_bytes, is_offer, origin_form, unknown_method
from runtime.web.onewrite import Answers, Application, answer_bytes, in_one_write
from runtime.web.refusal import last_refusal
from runtime.web.sockets.handshake import begins_socket, check_offer, socket_scope
from runtime.web.sockets.websocket import WebSockets
from runtime.web.whole import AtOnce, WholeRequest

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/1\.[01]\r?\n")
# By these a parser knows where the body of a request ends, and whether another one may follow.
_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})


class Connections:
    """What the connections of one server share: how answers are written, when idle ones end, whom they ask first."""

    def __init__(self, at_once: AtOnce | None = None) -> None:
        """Requests that have come whole are offered to `at_once`; the application gets those that it does not take."""
        self.answers = Answers()
        # uvicorn sets a timer for each answer, which costs more than the rest of its bookkeeping.
        self.idle = Deadlines[OneWriteProtocol](OneWriteProtocol.timeout_keep_alive_handler)
        self.at_once = at_once
        self.under_way: set[WholeRequest] = set()
        """Those that are being answered at once."""

    def abort(self) -> None:
        """Ends the connections of those that are being answered at once: whoever stops the server waits no longer."""
        for request in list(self.under_way):
            request.abort()


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
        self.app = in_one_write(application, connections.answers)
        self._connections = connections
        self._sockets = sockets
        self._begins_socket = False
        self._is_held = False
        """Whether the request that comes has not begun yet, since it may come whole."""
        self._held_body = b""
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
        if self._is_held:
            self._begin_held(is_whole=False)
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
        self._connections.answers.write_now()
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
        if self._begins_socket:
            return
        self._is_held = self._may_come_whole()
        if self._is_held:
            self.scope["method"] = self.parser.get_method().decode("ascii")
        else:
            super().on_headers_complete()

    # ------------------------------------------------------------ requests that come whole

    def _may_come_whole(self) -> bool:
        """Whether the request is one of those that can be answered at once, when the rest of it is there as well."""
        parser, url = self.parser, self.url
        return (
            self._connections.at_once is not None
            and (self.cycle is None or self.cycle.response_complete)
            and not (self.expect_100_continue or self.flow.write_paused or parser.should_upgrade())
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and parser.get_method() != b"HEAD"
            and url.isascii()
            and b"%" not in url
        )

    def on_body(self, body: bytes) -> None:
        """Takes a piece of the body."""
        if self._is_held:
            self._held_body += body
        else:
            super().on_body(body)

    def _begin_held(self, *, is_whole: bool) -> bool:
        """Begins the request that was held; True where that was at once, as one that is whole can be."""
        body, self._held_body = self._held_body, b""
        self._is_held = False
        if is_whole and self._is_begun_at_once(body):
            return True
        super().on_headers_complete()
        if body:
            super().on_body(body)
        return False

    def _is_begun_at_once(self, body: bytes) -> bool:
        at_once = self._connections.at_once
        assert at_once is not None
        path, _, query = self.url.partition(b"?")
        before, request = self.cycle, WholeRequest(self, self.scope)
        self.cycle = request  # type: ignore[assignment]  # which has what is asked of cycles
        leave = at_once(self.scope["method"], path.decode("ascii"), query, self.headers, body, request)
        if leave is None:
            self.cycle = before
            return False
        if request.is_open:
            request.leave = leave
            self._connections.under_way.add(request)
        return True

    def send_whole(self, request: WholeRequest, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends the answer of a request that was begun at once."""
        self._connections.under_way.discard(request)
        answers = self._connections.answers
        data = answer_bytes(status, headers, body, answers.lines_of(self.server_state.default_headers))
        answers.write_soon(self.transport, data)
        self.on_response_complete()

    def go_on(self, request: WholeRequest, application: Application) -> None:
        """Begins a cycle of uvicorn's for a request that was begun at once: the application sends its answer."""
        self._connections.under_way.discard(request)
        cycle = RequestResponseCycle(
            scope=request.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=request.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.disconnected = request.disconnected
        if self.cycle is request:  # type: ignore[comparison-overlap]
            self.cycle = cycle
        self._start_asgi_task(cycle, in_one_write(application, self._connections.answers))

    # ------------------------------------------------------------ life of the connection

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
        if self._is_held and self._begin_held(is_whole=True):
            return
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
        self._connections.answers.write_now()
        super().shutdown()

    def _refuse(self, status: int, detail: str) -> None:
        """Ends the connection after the answers that are due, with one more where the next in turn is this."""
        cycle = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if not (is_answered or cycle.more_body or self.pipeline):
            return self.shutdown()
        self._connections.answers.write_now()
        if (is_answered or not cycle.response_started) and not self.pipeline and not self.transport.is_closing():
            headers, body = last_refusal(status, detail)
            lines = (name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + b"".join(lines) + b"\r\n" + body)
        return self.transport.close()
