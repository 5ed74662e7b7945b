"""Serving an ASGI application over HTTP: uvicorn by default, Hypercorn by choice."""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Protocol

import anyio
import uvicorn

from runtime.config import HttpSettings, StreamSettings
from runtime.errors import RuntimeFault
from runtime.web.protocol import Connections, OneWriteProtocol
from runtime.web.sockets.websocket import WebSockets

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]


_PROBES = 6
"""Probes without an answer after which a connection ends."""


class HttpServer(Protocol):
    """Serves until told to stop."""

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        """Accepts connections until `stop` is set, then lets running requests end for at most the grace (seconds)."""


def listen(settings: HttpSettings) -> socket.socket:
    """A bound, listening socket. Raises `RuntimeFault` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _probe(listener, settings.probe_after)
        listener.bind((settings.host, settings.port))
        listener.listen(settings.backlog)
    except OSError as error:
        listener.close()
        raise RuntimeFault(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            "choose another with --port, or stop what holds it",
        ) from error
    listener.setblocking(False)
    return listener


def _probe(listener: socket.socket, seconds: int) -> None:
    """Has the system find out, for each connection that it accepts, when its client's machine has vanished.

    An answer that waits for something to tell would wait for ever; not every one can be told something meanwhile.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    every = max(1, seconds // _PROBES)
    values = {"TCP_KEEPIDLE": seconds, "TCP_KEEPALIVE": seconds, "TCP_KEEPINTVL": every, "TCP_KEEPCNT": _PROBES}
    for name, value in values.items():
        if hasattr(socket, name):  # which it has differs between systems
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def http_server(
    settings: HttpSettings,
    application: Application,
    tls: ssl.SSLContext | None = None,
    streams: StreamSettings | None = None,
) -> HttpServer:
    """The server that the settings choose; `tls` is what connections are encrypted with, None for not at all.

    Without the settings of streams every offer to begin a WebSocket is passed over.
    """
    if settings.server == "hypercorn" or tls is not None:
        from runtime.web.hypercorn_server import HypercornServer  # 0.1 s that a start with uvicorn can do without

        return HypercornServer(settings, application, tls, streams)
    return _Uvicorn(settings, application, streams)


class _Uvicorn:
    def __init__(self, settings: HttpSettings, application: Application, streams: StreamSettings | None) -> None:
        self._settings = settings
        self._application = application
        self._streams = streams

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        sockets = WebSockets(self._streams, self._application) if self._streams is not None else None
        patience: Any = grace  # which may be a part of a second, whatever uvicorn declares
        protocol: Any = functools.partial(
            OneWriteProtocol,
            connections=Connections(),
            sockets=sockets,
            max_header_bytes=self._settings.max_header_bytes,
            keep_alive=self._settings.keep_alive,
        )
        config = uvicorn.Config(
            self._application,
            http=protocol,
            ws="none",
            lifespan="off",
            backlog=self._settings.backlog,
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=patience,
        )
        server = _QuietUvicorn(config)
        async with anyio.create_task_group() as tasks:

            async def stopper() -> None:
                await stop.wait()
                server.should_exit = True
                for accepting in server.servers:
                    accepting.close()
                if sockets is not None:
                    sockets.stop()

            tasks.start_soon(stopper)
            try:
                await server.serve(sockets=[listener])
            finally:
                for late in server.server_state.tasks:
                    late.cancel()
            tasks.cancel_scope.cancel()


class _QuietUvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the runtime, which owns the whole process."""
        yield
