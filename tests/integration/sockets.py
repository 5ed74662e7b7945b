"""A board whose sockets are served over each server, and clients that speak WebSocket well or badly."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from runtime.clock import SystemClock
from runtime.config import StreamSettings, TlsSettings
from runtime.errors import AccessDenied
from runtime.web.callers import Hosts
from runtime.web.sockets.application import Sockets
from runtime.web.tls import server_context
from tests.fakes import Reports
from tests.streaming import STREAM, Board
from tests.unit.web.serving import GRACE, certificate, measuring, serving

KINDS = ("uvicorn", "hypercorn", "tls")
SHAKE = [
    "Connection: keep-alive, Upgrade",
    "Upgrade: WebSocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]


class Doorkeeper:
    """Lets in whom a test lets in, and remembers who joined and left."""

    def __init__(self) -> None:
        self.refusal: AccessDenied | None = None
        self.closed: set[str] = set()
        """Groups that nobody may read."""
        self.asked: list[tuple[Mapping[str, str | list[str]], str]] = []
        self.seen: list[tuple[str, str, str, bytes]] = []
        self.told = asyncio.Event()
        self.arrived = asyncio.Event()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def authenticate(self, headers: Mapping[str, str | list[str]], url: str) -> bytes:
        self.asked.append((headers, url))
        self.arrived.set()
        await self.is_open.wait()
        if self.refusal is not None:
            raise self.refusal
        return url.encode()

    async def may_read(self, stream: str, group: str, id: str, context: bytes) -> bool:
        return group not in self.closed

    def hears(self, stream: str) -> bool:
        return True

    async def joined(self, stream: str, group: str, id: str, context: bytes) -> None:
        self._remember("joined", group, id, context)

    async def left(self, stream: str, group: str, id: str, context: bytes) -> None:
        self._remember("left", group, id, context)

    def _remember(self, what: str, group: str, id: str, context: bytes) -> None:
        self.seen.append((what, group, id, context))
        self.told.set()

    async def saw(self, what: str, group: str, id: str = "") -> None:
        """Returns when somebody has joined or left that."""
        while not any(seen[:3] == (what, group, id) for seen in self.seen):
            self.told.clear()
            await self.told.wait()


class Site:
    """A board that is served."""

    def __init__(self, kind: str, settings: StreamSettings, origins: tuple[str, ...]) -> None:
        self.kind = kind
        self.board = Board(SystemClock(), settings=settings)
        self.door = Doorkeeper()
        self.reports = Reports()
        self.ended = 0
        self.port = 0
        self.stop = anyio.Event()
        self.client_tls: ssl.SSLContext | None = None
        self.sockets = Sockets(self.board.rooms, self.door, origins.__contains__, settings, self.reports, Hosts())
        self.sockets.catalog = self.board.catalog
        self._one_ended = asyncio.Condition()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Sockets, beside requests that are answered with what was asked."""
        if scope["type"] != "websocket":
            await measuring(scope, receive, send)
            return
        await self.sockets(scope, receive, send)
        async with self._one_ended:
            self.ended += 1
            self._one_ended.notify_all()

    async def connections_ended(self, count: int) -> None:
        """Returns when so many sockets have ended, connection and all."""
        async with self._one_ended:
            await self._one_ended.wait_for(lambda: self.ended >= count)

    def connect(self, path: str = "/", **more: Any) -> connect:
        """A well-behaved client."""
        scheme = "wss" if self.client_tls is not None else "ws"
        more = {"compression": None, "ssl": self.client_tls, "open_timeout": 30, **more}
        return connect(f"{scheme}://localhost:{self.port}{path}", **more)

    @asynccontextmanager
    async def raw(
        self, *lines: str, behind: bytes = b"", small: bool = False, host: str = "localhost"
    ) -> AsyncIterator[Raw]:
        """A client that has sent the head of a request and bytes behind it; a `small` one buffers next to nothing."""
        made = socket.socket()
        if small:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.port))
        tls = {} if self.client_tls is None else {"ssl": self.client_tls, "server_hostname": "localhost"}
        reader, writer = await asyncio.open_connection(sock=made, limit=1024 if small else 2**24, **tls)  # type: ignore[arg-type]
        try:
            writer.write("\r\n".join(["GET /x HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode() + behind)
            yield Raw(reader, writer)
        finally:
            writer.close()


class Raw:
    """A client that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def status(self) -> int:
        """The status of the answer to its request; what is behind the head is not read."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await self.reader.readexactly(1)
        return int(head.split()[1])

    async def frames(self, *, answers: bool = True) -> list[Frame]:
        """Everything to the end of the connection; a close is answered, unless it is not to be.

        Raises `EOFError` where that is in the midst of a frame.
        """
        frames = []
        while head := await self.reader.read(1):
            frames.append(await self._behind(head))
            if answers and frames[-1].opcode is Opcode.CLOSE:
                self.writer.write(masked(Opcode.CLOSE, bytes(frames[-1].data)))
        return frames

    async def frame(self) -> Frame:
        """The next one, which must come."""
        return await self._behind(await self.reader.readexactly(1))

    async def _behind(self, head: bytes) -> Frame:
        [length] = await self.reader.readexactly(1)
        if length >= 126:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        return Frame(Opcode(head[0] & 15), await self.reader.readexactly(length))


def masked(opcode: Opcode, data: bytes = b"", fin: bool = True) -> bytes:
    """A frame as a client sends it."""
    return Frame(opcode, data, fin).serialize(mask=True)


def said(kind: str, group: str = "g", id: str | None = None, subscription: str | None = "s", **more: Any) -> str:
    """A message of a client."""
    data = {"streamName": STREAM, "groupId": group, "id": id, "subscriptionId": subscription, **more}
    return json.dumps({"type": kind, "data": {key: value for key, value in data.items() if value is not None}})


def close_code(frame: Frame) -> int:
    """The code of a frame that closes."""
    assert frame.opcode is Opcode.CLOSE
    return int.from_bytes(frame.data[:2], "big")


async def event_of(client: ClientConnection) -> Any:
    """The event of the next message."""
    return json.loads(await client.recv())["event"]


@asynccontextmanager
async def site(
    kind: str,
    folder: Path,
    *,
    origins: tuple[str, ...] = (),
    grace: float = GRACE,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Serves a board over uvicorn, Hypercorn, or Hypercorn with TLS."""
    made = Site(kind, StreamSettings(**settings), origins)
    tls = None
    if kind == "tls":
        certified, key = certificate(folder)
        tls = server_context(TlsSettings(certificate=str(certified), key=str(key)), folder)
        made.client_tls = ssl.create_default_context(cafile=certified)
    server = "uvicorn" if kind == "uvicorn" else "hypercorn"
    options: dict[str, Any] = {"grace": grace, "streams": made.board.settings}
    async with serving(server, made, tls, **options) as (port, stop):
        made.port, made.stop = port, stop
        yield made
