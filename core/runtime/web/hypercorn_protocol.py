"""Hypercorn's HTTP/1.1 and HTTP/2, mended where they would lose an answer, or wait for ever.

What is different: a body that nobody reads holds nothing up; `100 Continue` is sent when the body is asked for; a
response that breaks off is seen to be broken in HTTP/2 as well; what is no request is answered as elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import h11
from hypercorn.asyncio.task_group import TaskGroup, _handle
from hypercorn.config import Config
from hypercorn.events import Closed, Event, Updated
from hypercorn.protocol.events import Body, EndBody, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import STREAM_ID, H2ProtocolAssumedError, H11Protocol

from runtime.web.cut import CutOff
from runtime.web.heads import METHODS, NO_REQUEST, TOO_LARGE, BadHead, head_bytes, is_offer, origin_form, unknown_method
from runtime.web.refusal import last_refusal, refusal
from runtime.web.sockets.handshake import begins_socket, check_offer

_CONNECTION = b"connection"
_ANSWERED_HEADS = 2
"""Times the limit of a head."""


class Applications(TaskGroup):
    """Runs the application for each request of a connection; lets none of them block it."""

    async def spawn_app(self, app: Any, config: Config, scope: Any, send: Any) -> Callable[[Any], Awaitable[None]]:
        """Starts the application; gives what takes the messages for it."""
        unread: asyncio.Queue[Any] = asyncio.Queue(config.max_app_queue_size)

        async def put(message: Any) -> None:
            if message["type"] == "http.disconnect":  # of what is unread, nothing will be read any more
                while not unread.empty():
                    unread.get_nowait()
            await unread.put(message)

        self.spawn(_handle, app, config, scope, unread.get, send, partial(self._loop.run_in_executor, None), None)
        return put


class SocketOffered(Exception):
    """The client has asked for a WebSocket; with that request, and what has come behind it."""

    def __init__(self, request: h11.Request, received: bytes) -> None:
        super().__init__("a WebSocket begins")
        self.request = request
        self.received = received


class Cut(Event):
    """The connection is to end at once, whatever waits to be sent."""


class Http1(H11Protocol):
    """HTTP/1.1."""

    def __init__(self, takes_sockets: bool, app: Any, *rest: Any) -> None:
        """Raises `SocketOffered` out of `handle` for a request that begins a WebSocket, where those are taken."""
        super().__init__(self._served(app), *rest)
        self._takes_sockets = takes_sockets

    def _served(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, *more: Any) -> None:
            async def receive_on() -> Any:
                if self.connection.they_are_waiting_for_100_continue:
                    await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))
                return await receive()

            try:
                await app(scope, receive_on, *more)
            except CutOff:
                await self.send(Cut())

        return serve

    async def stream_send(self, event: StreamEvent) -> None:
        """Sends a part of a response."""
        if isinstance(event, Response) and self.connection.they_are_waiting_for_100_continue:
            # The client may send the body all the same, or not: what comes next could be either.
            event = Response(event.stream_id, [*event.headers, (b"connection", b"close")], event.status_code)
        await super().stream_send(event)

    async def _handle_events(self) -> None:
        while True:
            try:
                event = self.connection.next_event()
                if isinstance(event, h11.Request) and event.method != b"PRI":
                    event = self._without_offer(_checked(event, self.config.h11_max_incomplete_size))
            except h11.RemoteProtocolError as error:
                # 501 is for a transfer coding that h11 does not know, which is no fault of ours.
                return await self._refuse(*((431, TOO_LARGE) if error.error_status_hint == 431 else (400, NO_REQUEST)))
            except BadHead as error:
                return await self._refuse(error.status, str(error))
            if event is h11.PAUSED:
                await self.can_read.clear()
                await self.can_read.wait()
            elif event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return None
            else:
                await self._handle_event(event)

    def _without_offer(self, request: h11.Request) -> h11.Request:
        """The request without an offer of another protocol, which is passed over, unless a socket begins with it."""
        headers = list(request.headers)
        if not any(is_offer(header) for header in headers) or not _offers_change(headers):
            return request
        if self._takes_sockets and begins_socket(request.method, request.http_version, headers):
            check_offer(headers)
            raise SocketOffered(request, self.connection.trailing_data[0])
        kept = [header for header in headers if not is_offer(header)]
        version = request.http_version
        return h11.Request(method=request.method, target=request.target, headers=kept, http_version=version)

    async def _handle_event(self, event: Any) -> None:
        if isinstance(event, h11.Request):
            await self._check_protocol(event)
            await self._create_stream(event)
        elif self.stream is None:  # answered already: the rest of its body is passed over
            if isinstance(event, h11.EndOfMessage):
                await super()._maybe_recycle()
        else:
            is_end = isinstance(event, h11.EndOfMessage)
            # Until its end, the next piece of the body must not be too long in coming.
            await self.send(Updated(idle=not is_end))
            if self.stream is not None:  # it may have been answered meanwhile
                await self.stream.handle(EndBody(STREAM_ID) if is_end else Body(STREAM_ID, bytes(event.data)))

    async def _check_protocol(self, event: h11.Request) -> None:
        """Knows HTTP/2 that begins as such; an offer to change to it is passed over (RFC 7540, section 3.2)."""
        if (event.method, event.target, event.http_version) == (b"PRI", b"*", b"2.0"):
            raise H2ProtocolAssumedError(b"PRI * HTTP/2.0\r\n\r\n" + self.connection.trailing_data[0])

    async def _maybe_recycle(self) -> None:
        if self.connection.our_state is h11.DONE and self.connection.their_state is h11.SEND_BODY:
            # Closing now would take the answer from a client that is still sending.
            await self._close_stream()
            await self.send(Updated(idle=True))
        else:
            await super()._maybe_recycle()

    async def _refuse(self, status: int, detail: str) -> None:
        """Ends the connection, with an answer where one is due."""
        if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers, body = last_refusal(status, detail)
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                await self._send_h11_event(event)
        await self.send(Closed())


def _checked(request: h11.Request, max_head_bytes: int) -> h11.Request:
    """The request, its target as path and query.

    Raises `BadHead` for one that h11 lets pass and others do not.
    """
    headers = list(request.headers)
    names = {name for name, _ in headers}
    if {b"content-length", b"transfer-encoding"} <= names:  # a proxy may have read it otherwise
        raise BadHead(400, "the request has both Content-Length and Transfer-Encoding")
    if request.http_version not in (b"1.0", b"1.1"):
        raise BadHead(400, "the request is in no version of HTTP/1")
    if head_bytes(request.target, headers) > max_head_bytes:
        raise BadHead(431, TOO_LARGE)
    if request.method not in METHODS:
        raise unknown_method()
    target = origin_form(request.target)
    return h11.Request(method=request.method, target=target, headers=headers, http_version=request.http_version)


def _offers_change(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    lines = (value.lower().split(b",") for name, value in headers if name == _CONNECTION)
    return any(token.strip() == b"upgrade" for line in lines for token in line)


class Http2(H2Protocol):
    """HTTP/2."""

    def __init__(self, app: Any, config: Config, *rest: Any) -> None:
        super().__init__(self._served(app), config, *rest)
        self._max_head_bytes = config.h2_max_header_list_size
        # Browsers would begin WebSockets inside HTTP/2, were it offered; so they open a connection for each.
        codes = h2.settings.SettingCodes
        offered = {codes(code): value for code, value in self.connection.local_settings.items()}
        offered[codes.ENABLE_CONNECT_PROTOCOL] = 0
        self.connection.local_settings = h2.settings.Settings(client=False, initial_values=offered)
        # What is over our limit can be answered up to here; beyond, the connection ends.
        self.connection.decoder.max_header_list_size = _ANSWERED_HEADS * config.h2_max_header_list_size
        self._ends: dict[int, asyncio.Event] = {}
        """Set when the end of a stream has been sent."""

    def _served(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any, *more: Any) -> None:
            try:
                await app(scope, receive, send, *more)
            except CutOff:
                await self._cut_off(send.__self__.stream_id)

        return serve

    async def _cut_off(self, stream_id: int) -> None:
        """Resets a stream; where not even that gets through to the client, the connection ends."""
        await self._forget(stream_id)
        self._reset(stream_id, h2.errors.ErrorCodes.CANCEL)
        try:
            async with asyncio.timeout(self.config.keep_alive_timeout):
                await self._flush()
        except TimeoutError:
            await self.send(Cut())

    async def handle(self, event: Event) -> None:
        """Takes what has come; at the end of the connection nobody waits any more to send something."""
        await super().handle(event)
        if isinstance(event, Closed):
            for stream_id in self.stream_buffers:
                await self._forget(stream_id)
            for end in self._ends.values():
                end.set()

    async def stream_send(self, event: StreamEvent) -> None:
        """Sends a part of a response; one that ends without its end is reset."""
        if isinstance(event, StreamClosed):
            await self._reset_unless_whole(event.stream_id)
        await super().stream_send(event)
        if isinstance(event, EndBody) and event.stream_id in self.stream_buffers and not self.closed:
            # Its data are sent; with the connection, its end would be lost.
            await self._ends.setdefault(event.stream_id, asyncio.Event()).wait()

    async def _send_data(self, stream_id: int) -> None:
        await super()._send_data(stream_id)
        if stream_id not in self.stream_buffers and stream_id in self._ends:
            self._ends.pop(stream_id).set()

    async def _reset_unless_whole(self, stream_id: int) -> None:
        buffer = self.stream_buffers.get(stream_id)
        if buffer is None or buffer._complete:
            return
        if buffer.buffer:
            await buffer.drain()
        self._reset(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
        await self._flush()

    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        for event in events:
            if isinstance(event, h2.events.DataReceived) and event.stream_id not in self.streams:
                # Answered already: what still comes must not use up the connection's window.
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.RequestReceived) and (refused := self._refusal(event)):
                self._answer_refused(event.stream_id, refused)
            else:
                if isinstance(event, h2.events.StreamReset):
                    await self._forget(event.stream_id)
                await super()._handle_events([event])
        await self._flush()

    def _refusal(self, event: h2.events.RequestReceived) -> h2.errors.ErrorCodes | BadHead | None:
        """Why a request gets no application, None for one that does."""
        fields = dict(event.headers)
        method, path = fields.get(b":method", b""), bytes(fields.get(b":path", b""))
        if self.context.terminated.is_set():
            return h2.errors.ErrorCodes.REFUSED_STREAM  # which the client may send again elsewhere
        if method == b"CONNECT" or not path.isascii():
            return h2.errors.ErrorCodes.PROTOCOL_ERROR
        if head_bytes(b"", event.headers) > self._max_head_bytes:
            return BadHead(431, TOO_LARGE)
        return None if method in METHODS else unknown_method()

    def _answer_refused(self, stream_id: int, why: h2.errors.ErrorCodes | BadHead) -> None:
        if isinstance(why, h2.errors.ErrorCodes):
            return self._reset(stream_id, why)
        headers, body = refusal(why.status, str(why))
        self.connection.send_headers(stream_id, [(b":status", b"%d" % why.status), *headers])
        return self.connection.send_data(stream_id, body, end_stream=True)

    async def _forget(self, stream_id: int) -> None:
        """Drops what waits to be sent, and lets the application go on that waits for room."""
        buffer = self.stream_buffers.get(stream_id)
        if buffer is not None:
            await buffer.close()

    def _reset(self, stream_id: int, code: h2.errors.ErrorCodes) -> None:
        try:
            self.connection.reset_stream(stream_id, code)
        except h2.exceptions.ProtocolError:  # the client was first
            return
