"""Streams and texts that are read over a real socket, and whoever decides about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from runtime.catalog import Catalog
from runtime.config import BusSettings, CorsSettings, StreamSettings
from runtime.errors import AccessDenied
from runtime.model import StreamDefinition
from runtime.services.changes import ChangeService
from runtime.services.rooms import Rooms
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from runtime.triggers.cors import CorsPolicy
from runtime.values import encode
from runtime.web.callers import Hosts
from runtime.web.reads.application import Readable, Reads
from tests.fakes import FakeClock, Reports, unchecked
from tests.unit.web.serving import serving

PAGE = "https://app.example"
STREAM = "/__runtime/streams/board"


class FakeAccess:
    """Lets in as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.denied: AccessDenied | None = None
        self.hidden: set[tuple[str, str, str]] = set()
        self.asked: list[tuple[Mapping[str, str | list[str]], str]] = []
        self.contexts: list[bytes] = []

    async def authenticate(self, headers: Mapping[str, str | list[str]], url: str) -> bytes:
        self.asked.append((headers, url))
        if self.denied is not None:
            raise self.denied
        return encode({"user": "ada"})

    async def may_read(self, stream: str, group: str, id: str, context: bytes) -> bool:
        self.contexts.append(context)
        return (stream, group, id) not in self.hidden


class Reading:
    """What is read, and the client."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.reports = Reports()
        self.access = FakeAccess()
        self.engine = MemoryEngine(self.clock, BusSettings())
        chosen = StreamSettings(**settings)
        changes = ChangeService(self.clock)
        self.streams = StreamService(self.engine, changes, self.clock, 1024 * 1024, unchecked())
        self.streams.catalog = Catalog(streams={"board": StreamDefinition("board", "node", "steps/board.stream.ts")})
        self.texts = TextService(self.engine.texts, self.clock, chosen)
        self.reads = Reads(
            Readable(self.streams, Rooms(self.streams, self.clock, chosen), self.texts),
            self.access,
            self.clock,
            chosen,
            self.reports,
            origins=CorsPolicy(CorsSettings(origins=(PAGE,)), local=False),
            hosts=Hosts(["runtime.example"]),
        )
        self.port = 0
        self.client: httpx.AsyncClient

    async def set(self, group: str, id: str, **data: Any) -> None:
        """Writes an item."""
        await self.streams.set("board", group, id, encode(data), "")

    async def write(self, id: str, *pieces: str) -> None:
        """Writes a text."""
        for piece in pieces:
            await self.texts.write(id, piece)


@asynccontextmanager
async def reading(server: str = "uvicorn", **settings: Any) -> AsyncIterator[Reading]:
    """Serves reads, for the time of the context."""
    read = Reading(**settings)
    async with serving(server, read.reads, grace=1.0) as (read.port, _):
        url = f"http://localhost:{read.port}"
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=10, limits=limits) as read.client:
            yield read
