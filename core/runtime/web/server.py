"""Serving an ASGI application over HTTP: uvicorn by default, Hypercorn by choice."""

from __future__ import annotations

import contextlib
import errno
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
from runtime.web.portholders import holder_of
from runtime.web.protocol import Connections, OneWriteProtocol
from runtime.web.sockets.websocket import WebSockets
from runtime.web.whole import AtOnce

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]

_DATE_SECONDS = 1.0
_PROBES = 6
"""Probes without an answer after which a connection ends."""


class HttpServer(Protocol):
    """Serves until told to stop."""

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        """Accepts connections until `stop` is set, then lets running requests end for at most the grace (seconds)."""


def listen(settings: HttpSettings, tries: int = 1, say: Callable[[str], None] | None = None) -> socket.socket:
    """A bound, listening socket at the port of the settings, or at the first free one of those after it.

    `tries` is how many ports are tried while they are in use; `say` hears a sentence where it is not the first. The
    port 0 is the system's choice. Raises `RuntimeFault`, which names who holds the port, when none can be had.
    """
    refusals = []
    for port in settings.ports(tries):
        try:
            listener = _listener(settings, port)
        except OSError as error:
            refusals.append(error)
            if error.errno == errno.EADDRINUSE:
                continue
            break
        if refusals and say is not None:
            say(f"port {settings.port} is in use{_by(settings)}, listening at {port}")
        return listener
    raise _refusal(settings, refusals[0], settings.port + len(refusals) - 1) from refusals[0]


def _listener(settings: HttpSettings, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _probe(listener, settings.probe_after)
        listener.bind((settings.host, port))
        listener.listen(settings.backlog)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _refusal(settings: HttpSettings, error: OSError, last: int) -> RuntimeFault:
    place, fix = f"{settings.host}:{settings.port}", "choose another with --port, or stop what holds it"
    if error.errno != errno.EADDRINUSE:
        return RuntimeFault(f"cannot listen on {place}: {error.strerror or error}", fix)
    others = f", and so are the ports up to {last}" if last > settings.port else ""
    return RuntimeFault(f"cannot listen on {place}: the port is in use{_by(settings)}{others}", fix)


def _by(settings: HttpSettings) -> str:
    """Who holds the port of the settings, as the end of a sentence; empty where the system does not tell."""
    holder = holder_of(settings.host, settings.port)
    return f" by {holder}" if holder else ""


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
    at_once: AtOnce | None = None,
) -> HttpServer:
    """The server that the settings choose; `tls` is what connections are encrypted with, None for not at all.

    Without the settings of streams every offer to begin a WebSocket is passed over. A server that can offers requests
    that have come whole to `at_once` first.
    """
    if settings.server == "hypercorn" or tls is not None:
        from runtime.web.hypercorn_server import HypercornServer  # 0.1 s that a start with uvicorn can do without

        return HypercornServer(settings, application, tls, streams)
    return _Uvicorn(settings, application, streams, at_once)


class _Uvicorn:
    def __init__(
        self,
        settings: HttpSettings,
        application: Application,
        streams: StreamSettings | None,
        at_once: AtOnce | None,
    ) -> None:
        self._settings = settings
        self._application = application
        self._streams = streams
        self._at_once = at_once

    async def serve(self, listener: socket.socket, stop: anyio.Event, grace: float) -> None:
        sockets = WebSockets(self._streams, self._application) if self._streams is not None else None
        connections = Connections(self._at_once)
        patience: Any = grace  # which may be a part of a second, whatever uvicorn declares
        protocol: Any = functools.partial(
            OneWriteProtocol,
            connections=connections,
            sockets=sockets,
            max_header_bytes=self._settings.max_header_bytes,
            keep_alive=self._settings.keep_alive,
        )
        config = uvicorn.Config(
            self._application,
            http=protocol,
            interface="asgi3",
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
        server = _QuietUvicorn(config, stop)
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
                connections.abort()
            tasks.cancel_scope.cancel()


class _QuietUvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stop: anyio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def main_loop(self) -> None:
        """Renews the date of answers each second until the stop; uvicorn looks ten times as often, also when idle."""
        while not (self._stop.is_set() or await self.on_tick(0)):
            with anyio.move_on_after(_DATE_SECONDS):
                await self._stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the runtime, which owns the whole process."""
        yield
