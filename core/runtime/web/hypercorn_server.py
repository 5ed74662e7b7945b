"""Serving over Hypercorn: HTTP/1.1 and HTTP/2, with TLS or without."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from typing import Any

import anyio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, RawData, Updated
from hypercorn.protocol.h11 import H2ProtocolAssumedError
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

from runtime.config import HttpSettings, StreamSettings
from runtime.web.hypercorn_protocol import Applications, Cut, Http1, Http2, SocketOffered
from runtime.web.sockets.handshake import socket_scope
from runtime.web.sockets.websocket import WebSockets


class HypercornServer:
    """Serves an ASGI application until told to stop; WebSockets as well where it has settings for them."""

    def __init__(
        self, settings: HttpSettings, application: Any, tls: ssl.SSLContext | None, streams: StreamSettings | None
    ) -> None:
        self._settings = settings
        self._application = application
        self._tls = tls
        self._streams = streams
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        """Accepts connections until `stop` is set, then lets running requests end for at most the grace (seconds)."""
        config, context = _config(self._settings), WorkerContext(None)
        loop, application = asyncio.get_running_loop(), ASGIWrapper(self._application)
        sockets = WebSockets(self._streams, self._application) if self._streams is not None else None

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state = ConnectionState({})
            await self._run(_Connection(sockets, application, loop, config, context, state, reader, writer))

        patience = self._settings.keep_alive if self._tls is not None else None
        server = await asyncio.start_server(
            connected, sock=listener, ssl=self._tls, ssl_handshake_timeout=patience, backlog=self._settings.backlog
        )
        try:
            await stop.wait()
            server.close()
            await context.terminated.set()
            if sockets is not None:
                sockets.stop()
            if self._connections:
                await asyncio.wait(self._connections, timeout=grace)
        finally:
            server.close()
            for task, late in self._connections.items():
                late.is_cut_off = True
                task.cancel()

    async def _run(self, connection: _Connection) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = connection
        try:
            await connection.run()
        except (OSError, BaseExceptionGroup) as error:
            if isinstance(error, BaseExceptionGroup) and error.split(OSError)[1] is not None:
                raise
            return  # the client has gone
        except asyncio.CancelledError:
            if not connection.is_cut_off:
                raise
            return  # asked for; some versions of asyncio report a connection's cancelled task as a fault
        finally:
            del self._connections[task]


class _Connection(TCPServer):
    """One connection, with protocols of our own."""

    is_cut_off = False
    """Whether its tasks have been cancelled, so that it can begin no other."""

    def __init__(self, sockets: WebSockets | None, *parts: Any) -> None:
        super().__init__(*parts)
        self._sockets = sockets

    async def protocol_send(self, event: Event) -> None:
        """Sends what a protocol gives, and minds whether the connection is idle."""
        if isinstance(event, Cut):
            transport: Any = self.writer.transport  # whose type depends on the event loop and on TLS
            transport.abort()
        elif not (self.is_cut_off and isinstance(event, Updated)):
            await super().protocol_send(event)

    async def run(self) -> None:
        """Serves the connection until it ends."""
        peer = self.writer.get_extra_info("socket")
        encrypted = self.writer.get_extra_info("ssl_object")
        try:
            async with Applications(self.loop) as tasks:
                self._task_group = tasks
                self.protocol: Any = _Protocols(
                    self._sockets is not None,
                    self.app,
                    self.config,
                    self.context,
                    tasks,
                    ConnectionState(self.state),
                    encrypted is not None,
                    parse_socket_addr(peer.family, peer.getpeername()),
                    parse_socket_addr(peer.family, peer.getsockname()),
                    self.protocol_send,
                )
                await self.protocol.begin(encrypted.selected_alpn_protocol() if encrypted is not None else None)
                await self.idle_task.restart(tasks, self._idle_timeout)
                try:
                    await self._read_data()
                except SocketOffered as offer:
                    await self._serve_socket(offer)
        finally:
            await self._close()

    async def _serve_socket(self, offer: SocketOffered) -> None:
        """Hands the transport over, so that frames reach it without the detour through reader and writer."""
        assert self._sockets is not None
        await self.idle_task.stop()
        transport: Any = self.writer.transport  # whose type depends on the event loop and on TLS
        before = transport.get_protocol()
        request = offer.request
        scope = socket_scope(
            request.target,
            list(request.headers),
            scheme="ws" if self.writer.get_extra_info("ssl_object") is None else "wss",
            client=transport.get_extra_info("peername"),
            server=transport.get_extra_info("sockname"),
        )
        self.reader.feed_eof()  # nothing comes this way any more; what has come is read without a pause
        received = offer.received + await self.reader.read()
        socket = self._sockets.take(transport, scope, received, before.connection_lost)
        await self._sockets.serve(socket)


class _Protocols:
    """HTTP/1.1, or HTTP/2 where both sides chose it or the client begins with it."""

    def __init__(self, takes_sockets: bool, *parts: Any) -> None:
        self._parts = parts
        self._protocol: Http1 | Http2 = Http1(takes_sockets, *parts)

    async def begin(self, chosen: str | None) -> None:
        """Gets ready for the protocol that was chosen with TLS, None without."""
        if chosen == "h2":
            self._protocol = Http2(*self._parts)
        await self._protocol.initiate()

    async def handle(self, event: Event) -> None:
        """Takes what has come."""
        try:
            await self._protocol.handle(event)
        except H2ProtocolAssumedError as beginning:
            await self.begin("h2")
            await self._protocol.handle(RawData(beginning.data))


def _config(settings: HttpSettings) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.h11_max_incomplete_size = settings.max_header_bytes
    config.h2_max_header_list_size = settings.max_header_bytes
    config.keep_alive_timeout = settings.keep_alive
    config.keep_alive_max_requests = sys.maxsize  # HTTP/2 would drop the answers that are under way then
    return config
