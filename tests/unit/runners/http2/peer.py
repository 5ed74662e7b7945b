"""The other side of a connection, frame by frame, and a transport that it reads when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from hpack import Decoder, Encoder

from runtime.runners.http2 import frames
from runtime.runners.http2.call import Call
from runtime.runners.http2.calls import Refusal, Serve
from runtime.runners.http2.connection import Connection
from runtime.runners.http2.frames import PREFACE, Flag, Frame, Kind, Setting, frame
from runtime.runners.http2.headers import Status
from runtime.runners.http2.messages import PREFIX
from runtime.tasks import ShortTasks
from tests.fakes import settle

PATH = "/p.S/M"
REQUEST = {":method": "POST", ":scheme": "http", ":path": PATH, ":authority": "x", "te": "trailers"}
HIGH_WATER = 64 * 1024


def message(data: bytes, *, is_compressed: bool = False) -> bytes:
    """A message of gRPC."""
    return PREFIX.pack(is_compressed, len(data)) + data


def data(stream: int, body: bytes, flags: int = 0) -> bytes:
    return frame(Kind.DATA, flags, stream, body)


class PeerTransport(asyncio.Transport):
    """Keeps what was written; while nobody reads it, it is full beyond `HIGH_WATER`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.written = bytearray()
        self.unread = 0
        """Bytes that were written since the peer stopped reading."""
        self.reads = True
        self.over = asyncio.Event()
        """Set when the connection is gone."""
        self._connection = connection

    def write(self, data: Any) -> None:
        assert not self.over.is_set()
        self.written += data
        if not self.reads:
            before, self.unread = self.unread, self.unread + len(data)
            if before <= HIGH_WATER < self.unread:
                self._connection.pause_writing()

    def read_on(self) -> None:
        """The peer reads again."""
        self.reads = True
        was, self.unread = self.unread, 0
        if was > HIGH_WATER:
            self._connection.resume_writing()

    def close(self) -> None:
        if self.reads:
            self.abort()

    def abort(self) -> None:
        if not self.over.is_set():
            self.over.set()
            self._connection.connection_lost(None)


class Peer:
    """A client that sends what a test says."""

    def __init__(self, serving: ShortTasks, serve: Serve | None) -> None:
        self._answer = serve or self._wait
        self.calls: list[Call] = []
        self.connections: set[Connection] = set()
        self.returning = asyncio.Event()
        """Set when those who serve are to return."""
        self.connection = Connection(self._accept, serving, self.connections)
        self.transport = PeerTransport(self.connection)
        self.connection.connection_made(self.transport)
        self._encoder = Encoder()
        self._decoder = Decoder()
        self._read = 0

    def _accept(self, headers: Mapping[str, str]) -> Serve | Refusal:
        if headers.get(":path") == PATH:
            return self._serve
        return Refusal(Status.UNIMPLEMENTED, "nothing but 100 % of M: é\n")

    async def _serve(self, call: Call) -> None:
        self.calls.append(call)
        await self._answer(call)

    async def _wait(self, call: Call) -> None:
        await self.returning.wait()

    async def send(self, *pieces: bytes) -> None:
        """Sends, and lets the core act."""
        for piece in pieces:
            if not self.transport.over.is_set():
                self.connection.data_received(piece)
        await settle()

    async def greet(self, settings: dict[Setting, int] | None = None) -> Peer:
        """Preface and settings."""
        await self.send(PREFACE + frames.settings(settings or {}))
        return self

    def request(self, stream: int = 1, flags: int = 0, **more: str) -> bytes:
        """The headers of a call, in one frame."""
        headers = {**REQUEST, **{f":{name}": value for name, value in more.items()}}
        block = self._encoder.encode(list(headers.items()))
        return frame(Kind.HEADERS, Flag.END_HEADERS | flags, stream, block)

    async def call(self, stream: int = 1) -> Call:
        """Opens a call."""
        await self.send(self.request(stream))
        return self.calls[-1]

    def received(self) -> list[Frame]:
        """The frames that came since the last look, whatever their size."""
        found, came = [], bytes(self.transport.written)
        while self._read < len(came):
            word, flags, stream = frames.HEAD.unpack_from(came, self._read)
            start = self._read + frames.HEAD_BYTES
            self._read = start + (word >> 8)
            assert self._read <= len(came)
            found.append((word & 0xFF, flags, stream, came[start : self._read]))
        return found

    def all(self, kind: Kind) -> list[Frame]:
        """Those of one kind."""
        return [each for each in self.received() if each[0] == kind]

    def headers(self) -> list[dict[str, str]]:
        """The blocks of headers that came."""
        blocks = [self._decoder.decode(body) for _, _, _, body in self.all(Kind.HEADERS)]
        return [{str(name): str(value) for name, value in block} for block in blocks]

    def goodbye(self) -> int:
        """Why the core has ended the connection; it must have."""
        (last,) = self.all(Kind.GOAWAY)
        assert self.transport.over.is_set() or not self.transport.reads
        return int.from_bytes(last[3][4:8])


@asynccontextmanager
async def peer(serve: Serve | None = None) -> AsyncIterator[Peer]:
    """A client whose connection is open; calls are served so, or until `returning` is set."""
    async with ShortTasks() as serving:
        yield Peer(serving, serve)
