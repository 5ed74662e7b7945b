"""An application on a real socket, over each server that can carry it."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from runtime.config import HttpSettings, StreamSettings
from runtime.web.server import http_server, listen
from runtime.web.whole import AtOnce
from tests.fakes import settle

GRACE = 5.0
SERVERS = ("uvicorn", "hypercorn")


@asynccontextmanager
async def serving(
    server: str,
    application: Callable[..., Any],
    tls: ssl.SSLContext | None = None,
    *,
    grace: float = GRACE,
    streams: StreamSettings | None = None,
    at_once: AtOnce | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[int, anyio.Event]]:
    """Serves on a free port; gives it, and the event that stops the server. Sockets need the settings of streams."""
    chosen = HttpSettings(port=0, server=server, **settings)
    listener = listen(chosen)
    stop = anyio.Event()
    with listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(http_server(chosen, application, tls, streams, at_once).serve, listener, stop, grace)
            try:
                yield listener.getsockname()[1], stop
            finally:
                stop.set()


class Connection:
    """A client that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        """The head of the next answer, in lower case."""
        return (await self.reader.readuntil(b"\r\n\r\n")).lower()

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer, which must give its length."""
        head = await self.head()
        [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
        return int(head.split()[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the server ends the connection."""
        return await self.reader.read()

    def say(self, text: str, body: bytes = b"") -> None:
        """Sends a head of these lines, and a body."""
        lines = [line.strip() for line in text.strip().splitlines()]
        self.writer.write("\r\n".join([lines[0], "Host: test", *lines[1:], "", ""]).encode() + body)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A connection to this port, for the time of the context."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def certificate(folder: Path, name: str = "edge", *options: str) -> tuple[Path, Path]:
    """A certificate of this machine that nobody has signed, and its key."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    options = options or ("-nodes",)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *kind, *names, "-keyout", str(key), "-out", str(made), *options]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


async def measuring(scope: Any, receive: Any, send: Any) -> None:
    """Answers `/unread` without a look at the body, everything else with its body's length."""
    size = 0
    message: dict[str, Any] = {"more_body": scope["path"] != "/unread"}
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
    body = f"{scope['method']} {scope['raw_path'].decode()} {size}".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def piece(body: bytes = b"", more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


class Streaming:
    """An application that sends what a test gives it: pieces, True for the end, False to break off."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | bool] = asyncio.Queue()
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(piece())
        try:
            while not isinstance(given := await self.pieces.get(), bool):
                await send(piece(given))
            if given:
                await send(piece(more=False))
        finally:
            self.ended.set()


def has_connection(client: Any) -> bool:
    """Whether a server of this process still holds its end of a connection; the client's tells nothing until all that
    is on the way has been read."""
    sockets = [each for each in gc.get_objects() if issubclass(type(each), socket.socket) and each.fileno() >= 0]
    return client in [_peer_of(each) for each in sockets]


def _peer_of(end: socket.socket) -> Any:
    try:
        return end.getpeername()
    except OSError:
        return None


async def until_gone(client: Any) -> None:
    """Returns when no server of this process holds the connection of this client any more."""
    async with asyncio.timeout(10):
        while has_connection(client):
            await settle()
