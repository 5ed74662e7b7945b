"""Streams and their rooms over an engine in memory, for tests of what clients see."""

from __future__ import annotations

from typing import cast

from runtime.catalog import Catalog
from runtime.config import BusSettings, StreamSettings
from runtime.contracts import Clock, Engine, StreamStore
from runtime.model import StreamDefinition
from runtime.services.changes import ChangeService
from runtime.services.rooms import Rooms
from runtime.services.streams import StreamService
from runtime.storage.memory.engine import MemoryEngine
from runtime.values import decode, encode
from tests.fakes import unchecked

STREAM = "board"
MAX_VALUE_BYTES = 1024 * 1024


class _Stored:
    """Of an engine, its streams alone: nothing of a test follows a change."""

    def __init__(self, streams: StreamStore) -> None:
        self.streams = streams


class Board:
    """One stream, `board`, and its rooms."""

    def __init__(self, clock: Clock, store: StreamStore | None = None, settings: StreamSettings | None = None) -> None:
        engine = MemoryEngine(clock, BusSettings()) if store is None else cast(Engine, _Stored(store))
        self.store = engine.streams
        self.settings = settings or StreamSettings()
        self.catalog = Catalog(streams={STREAM: StreamDefinition(STREAM, "node", "steps/board.stream.ts")})
        self.streams = StreamService(engine, ChangeService(clock), clock, MAX_VALUE_BYTES, unchecked())
        self.streams.catalog = self.catalog
        self.rooms = Rooms(self.streams, clock, self.settings)

    async def set(self, group: str, id: str, **data: object) -> None:
        """Creates or replaces an item."""
        await self.streams.set(STREAM, group, id, encode(data), "")

    async def delete(self, group: str, id: str) -> None:
        """Removes an item."""
        await self.streams.delete(STREAM, group, id, "")

    async def send(self, group: str, id: str, type: str, data: object) -> None:
        """Tells of a passing event."""
        await self.streams.send(STREAM, group, id, encode({"type": type, "data": data}))

    async def items(self, group: str) -> list[dict[str, object]]:
        """What the group holds, as clients see it."""
        items: list[dict[str, object]] = decode(await self.streams.items(STREAM, group))
        return [{key: value for key, value in item.items() if key != "__motia"} for item in items]
