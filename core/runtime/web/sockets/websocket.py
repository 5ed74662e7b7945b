"""WebSockets over any transport: frames are read in bounds, and written as they come, without a task a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side

from runtime.config import StreamSettings
from runtime.deadlines import Deadlines
from runtime.web.refusal import last_refusal
from runtime.web.sockets.handshake import acceptance

Message = MutableMapping[str, Any]

OUTLET = "runtime.outlet"
"""The extension of a socket's scope by which frames that are made already are sent."""

_BITE = 4096
"""Bytes that are parsed in one go: they bound how many messages can come of what was read."""
_LAST_WORDS = 1.0
"""Seconds that clients have, when the server stops, to answer that they have understood."""


class WebSockets:
    """The sockets of one server: what they share, and their common end."""

    def __init__(self, settings: StreamSettings, application: Callable[..., Awaitable[None]]) -> None:
        """Serves an ASGI application."""
        self.settings = settings
        self.asking = Deadlines[WebSocket](WebSocket.ask)
        self.answering = Deadlines[WebSocket](WebSocket.give_up)
        self.closing = Deadlines[WebSocket](WebSocket.cut)
        self._application = application
        self._open: set[WebSocket] = set()
        self._is_stopping = False

    def take(
        self, transport: asyncio.Transport, scope: Message, received: bytes, lost: Callable[[Exception | None], None]
    ) -> WebSocket:
        """Takes over a connection whose client has asked for a socket, with what has come behind its request.

        `lost` is called when the connection has ended.
        """
        socket = WebSocket(self, transport, scope, received, lost)
        self._open.add(socket)
        transport.set_protocol(socket)
        return socket

    async def serve(self, socket: WebSocket) -> None:
        """Runs the application for a socket; returns when the connection has ended."""
        if self._is_stopping:
            socket.stop()
        try:
            await self._application(socket.scope, socket.receive, socket.send)
            socket.close(CloseCode.INTERNAL_ERROR)
            await socket.lost.wait()
        finally:
            socket.cut()

    def stop(self) -> None:
        """Tells all clients that the server stops."""
        self._is_stopping = True
        for socket in tuple(self._open):
            socket.stop()

    def forget(self, socket: WebSocket) -> None:
        """Lets go of a socket whose connection has ended."""
        self._open.discard(socket)
        self.asking.remove(socket, self.settings.ping_interval)
        self.answering.remove(socket, self.settings.ping_timeout)
        for patience in (self.settings.close_timeout, _LAST_WORDS):
            self.closing.remove(socket, patience)


class WebSocket(asyncio.Protocol):
    """One connection; towards the application the `receive` and `send` of ASGI, and an outlet for frames."""

    def __init__(
        self,
        shared: WebSockets,
        transport: asyncio.Transport,
        scope: Message,
        received: bytes,
        lost: Callable[[Exception | None], None],
    ) -> None:
        self.scope = scope
        self.lost = asyncio.Event()
        """Set when the connection has ended."""
        scope["extensions"][OUTLET] = self
        self._shared = shared
        self._transport = transport
        self._when_lost = lost
        self._frames: Protocol | None = None
        """None until the application has accepted."""
        self._refusal: Message | None = None
        self._unread = received
        self._parts = bytearray()
        self._is_text = True
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._wake = asyncio.Event()
        self._is_over = False
        self._is_congested = False
        self._uncounted = 0
        """Bytes among those that wait to be sent which no bound is held against."""
        self._written = 0
        self._is_heard = False
        self._waited_when_asked = self._taken_when_asked = 0

    # ------------------------------------------------------------ for the application

    async def receive(self) -> Message:
        """The next message, when the client has taken enough of what it was sent; in the end a disconnect."""
        while not self._is_over and (self._is_congested or not self._messages):
            self._wake.clear()
            await self._wake.wait()
        if self._is_over:
            return {"type": "websocket.disconnect", "code": 1005}
        message = self._messages.popleft()
        self._read_on()
        return message

    async def send(self, message: Message) -> None:
        """Accepts the socket or refuses it with an HTTP response; later closes it."""
        kind = message["type"]
        if self._is_over:
            return
        if kind == "websocket.accept":
            self._accept(message.get("subprotocol"))
        elif kind == "websocket.http.response.start":
            self._refusal = message
            message["headers"] = [(b"date", formatdate(usegmt=True).encode()), *message["headers"]]
        elif kind == "websocket.http.response.body" and self._refusal is not None:
            self._refuse(self._refusal["status"], self._refusal["headers"], message.get("body", b""))
        elif kind == "websocket.close":
            self.close(message.get("code", 1000), message.get("reason") or "")
        else:
            raise RuntimeError(f"a socket does not know the message '{kind}' here")

    def write(self, wire: bytes) -> None:
        """Sends a frame; a client that takes too little of what it is sent is closed instead.

        The first that has to wait is no reason for that: nobody takes a large one in one go.
        """
        if self._is_over:
            return
        was_congested = self._is_congested
        self._written += len(wire)
        self._transport.write(wire)
        if not self._is_congested:
            return
        if not was_congested:
            self._uncounted += len(wire)
        elif self._waiting() > self._shared.settings.max_buffer_bytes:
            self.close(CloseCode.TRY_AGAIN_LATER, "the client takes too little of what it is sent")

    def write_uncounted(self, pieces: Iterable[bytes]) -> None:
        """Sends a frame that the client has asked for, whatever its size; messages that follow wait until it is out.

        Its pieces are not joined: what many clients are sent is in memory once.
        """
        if self._is_over:
            return
        before = self._written
        for piece in pieces:
            self._written += len(piece)
            self._transport.write(piece)
        if self._is_congested:
            self._uncounted += self._written - before

    def close(self, code: int, reason: str = "") -> None:
        """Closes the socket behind all that was sent; one that was not accepted yet is refused."""
        if self._is_over:
            return
        if self._frames is None:
            self._refuse(500, *last_refusal(500, "the socket could not be served"))
        elif self._frames.close_sent is None:
            self._frames.send_close(code, reason)
            self._flush()
        self._end()

    # ------------------------------------------------------------ for the server

    def stop(self) -> None:
        """Tells the client that the server stops."""
        if self._is_over:
            self._shared.closing.add(self, _LAST_WORDS)
        elif self._frames is None:
            self._refuse(503, *last_refusal(503, "the runtime is stopping or starting anew"))
        else:
            self.close(CloseCode.SERVICE_RESTART, "the runtime is stopping or starting anew")
            self._shared.closing.add(self, _LAST_WORDS)

    def ask(self) -> None:
        """Asks a client that has said nothing for a while whether it is there."""
        if self._is_over or self._frames is None:
            return
        if self._is_heard:
            self._listen()
        else:
            self._waited_when_asked = self._transport.get_write_buffer_size()
            self._taken_when_asked = self._taken()
            self._frames.send_ping(b"")
            self._flush()
            self._shared.answering.add(self, self._shared.settings.ping_timeout)

    def give_up(self) -> None:
        """Closes the socket of a client that neither answers nor takes anything."""
        is_ours_to_read = bool(self._messages) and not self._is_congested
        # Where nothing waited, what was sent since may be no further than this machine's own buffers.
        has_taken = self._waited_when_asked and self._taken() > self._taken_when_asked
        if self._is_heard or is_ours_to_read or has_taken:
            self._listen()
        else:
            self.close(CloseCode.INTERNAL_ERROR, "no answer to a ping")

    def cut(self) -> None:
        """Ends the connection at once, whatever waits to be sent."""
        self._transport.abort()

    # ------------------------------------------------------------ asyncio's callbacks

    def data_received(self, data: bytes) -> None:
        """Takes what the client sends."""
        self._is_heard = True
        self._unread = self._unread + data if self._unread else data
        self._read_on()

    def eof_received(self) -> bool:
        """Ends a socket whose client has gone."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of everything."""
        self._is_over = True
        self._messages.clear()
        self._wake.set()
        self._shared.forget(self)
        self._when_lost(exc)
        self.lost.set()

    def pause_writing(self) -> None:
        """Learns that the client takes less than it is sent."""
        self._is_congested = True

    def resume_writing(self) -> None:
        """Learns that the client has caught up."""
        self._is_congested = False
        self._uncounted = 0
        self._wake.set()

    # ------------------------------------------------------------ the rest

    def _accept(self, subprotocol: str | None) -> None:
        self._frames = Protocol(Side.SERVER, max_size=self._shared.settings.max_frame_bytes)
        self.write(acceptance(self.scope["headers"], subprotocol))
        self._listen()
        self._read_on()

    def _refuse(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [name + b": " + value for name, value in headers if name != b"connection"]
        self._transport.write(b"\r\n".join([*lines, b"connection: close", b"", body]))
        self._transport.close()
        self._end()

    def _end(self) -> None:
        """Takes no more; the connection has a while to end by itself."""
        if self._is_over:
            return
        self._is_over = True
        self._messages.clear()
        self._parts.clear()
        self._wake.set()
        self._shared.closing.add(self, self._shared.settings.close_timeout)
        self._read_on()  # on to the client's answer

    def _listen(self) -> None:
        self._is_heard = False
        self._shared.asking.add(self, self._shared.settings.ping_interval)

    def _waiting(self) -> int:
        return self._transport.get_write_buffer_size() - self._uncounted

    def _taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()

    def _read_on(self) -> None:
        """Parses what has come until it makes a message; the rest waits, and so does the client."""
        while self._unread and not self._messages and self._frames is not None:
            bite, self._unread = self._unread[:_BITE], self._unread[_BITE:]
            self._parse(self._frames, bite)
        if self._transport.is_closing():
            return
        if self._unread:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _parse(self, frames: Protocol, data: bytes) -> None:
        frames.receive_data(data)
        for event in frames.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()
        if frames.close_sent is not None:
            self._end()

    def _take(self, frame: Frame) -> None:
        """Takes a frame; of messages in parts only their bytes are kept, so that empty parts cost nothing."""
        if self._is_over or frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._parts += frame.data
        if frame.fin:
            data = bytes(self._parts)
            self._parts.clear()
            self._messages.append(_received(data, is_text=self._is_text))
            self._wake.set()

    def _flush(self) -> None:
        """Sends what the protocol has to say: pings, pongs, closes."""
        assert self._frames is not None
        for data in self._frames.data_to_send():
            if data:
                self.write(data)
            elif self._frames.close_rcvd is not None or not self._transport.can_write_eof():
                self._transport.close()
            else:
                self._transport.write_eof()  # what the client still says would else cost it what it was told


def _received(data: bytes, *, is_text: bool) -> Message:
    """The message as ASGI has it; what is no UTF-8 remains bytes."""
    try:
        return {"type": "websocket.receive", "text" if is_text else "bytes": data.decode() if is_text else data}
    except UnicodeDecodeError:
        return {"type": "websocket.receive", "bytes": data}
