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

from runtime.config import HttpSettings
from runtime.web.hypercorn_protocol import Applications, Http1, Http2


class HypercornServer:
    """Serves an ASGI application until told to stop."""

    def __init__(self, settings: HttpSettings, application: Any, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._application = ASGIWrapper(application)
        self._tls = tls
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        """Accepts connections until `stop` is set, then lets running requests end for at most the grace (seconds)."""
        config, context = _config(self._settings), WorkerContext(None)
        loop = asyncio.get_running_loop()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._run(_Connection(self._application, loop, config, context, ConnectionState({}), reader, writer))

        patience = self._settings.keep_alive if self._tls is not None else None
        server = await asyncio.start_server(connected, sock=listener, ssl=self._tls, ssl_handshake_timeout=patience)
        try:
            await stop.wait()
            server.close()
            await context.terminated.set()
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

    async def protocol_send(self, event: Event) -> None:
        """Sends what a protocol gives, and minds whether the connection is idle."""
        if not (self.is_cut_off and isinstance(event, Updated)):
            await super().protocol_send(event)

    async def run(self) -> None:
        """Serves the connection until it ends."""
        peer = self.writer.get_extra_info("socket")
        encrypted = self.writer.get_extra_info("ssl_object")
        try:
            async with Applications(self.loop) as tasks:
                self._task_group = tasks
                self.protocol: Any = _Protocols(
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
                await self._read_data()
        finally:
            await self._close()


class _Protocols:
    """HTTP/1.1, or HTTP/2 where both sides chose it or the client begins with it."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts
        self._protocol: Http1 | Http2 = Http1(*parts)

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
