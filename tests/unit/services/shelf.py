"""An engine in memory that shows what it has and waits where it is told to, with the services over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.catalog import build_catalog
from runtime.config import BusSettings, StreamSettings
from runtime.model import LoadedFile, Manifest, TriggerKind
from runtime.records import Delivery, Entry, Event, Publication, QueueKey, StreamChange, Write, Written
from runtime.services.bus import BusService
from runtime.services.changes import ChangeService
from runtime.services.held import HeldWrites, Services
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore
from runtime.storage.queues import NONE_COMING
from runtime.values import decode
from tests.fakes import FakeClock, Reports, unchecked

MAX_VALUE = 400
MAX_EVENT = 1024
TRACE = "f" * 32
DELIVERY = Delivery(1, QueueKey("t", "a", TriggerKind.EVENT), Event("e", "t", b"", TRACE), 1, 0.0)
WATCHING = Manifest(
    "node",
    (
        LoadedFile("steps/a.step.ts", {"type": "state", "groupId": "g"}, has_handler=True),
        LoadedFile("steps/b.step.ts", {"type": "stream", "streamName": "s", "groupId": "g"}, has_handler=True),
    ),
    (LoadedFile("steps/s.stream.ts", {"name": "s", "baseConfig": {"storageType": "default"}}),),
)


class ShelfState(MemoryStateStore):
    """Reads wait while `open` is not set."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.open = asyncio.Event()
        self.open.set()
        self.after_group_read: Callable[[], None] = lambda: None

    async def get(self, group: str, key: str) -> bytes | None:
        await self.open.wait()
        return await super().get(group, key)

    async def entry(self, group: str, key: str) -> Entry | None:
        await self.open.wait()
        return await super().entry(group, key)

    async def values(self, group: str) -> Sequence[bytes]:
        await self.open.wait()
        values = await super().values(group)
        self.after_group_read()
        return values

    async def keys(self, group: str) -> Sequence[str]:
        await self.open.wait()
        keys = await super().keys(group)
        self.after_group_read()
        return keys

    @property
    def content(self) -> dict[str, list[tuple[str, bytes, float]]]:
        """All values in their order, with their ends."""
        kept = {group: values.items() for group, values in self._groups.items()}
        return {group: [(key, one.value, one.until) for key, one in values] for group, values in kept.items()}


class ShelfStreams(MemoryStreamStore):
    """Shows what it has."""

    @property
    def content(self) -> dict[tuple[str, str], list[tuple[str, bytes]]]:
        """All items in their order."""
        return {place: [(id, item.data) for id, item in items.items()] for place, items in self._groups.items()}


class ShelfEvents(MemoryEventBus):
    """Notes what is published."""

    published: list[Publication]

    def prepare(
        self, publication: Publication, coming: Mapping[QueueKey, int] = NONE_COMING
    ) -> tuple[str, Callable[[], None]]:
        id, enter = super().prepare(publication, coming)

        def entered() -> None:
            self.published.append(publication)
            enter()

        return id, entered

    def forget(self, delivery: Delivery) -> None:
        """The delivery of these tests was never taken."""


class Shelf(MemoryEngine):
    """An engine without a disk that could fail, unless `fault` is set, and the services over it."""

    state: ShelfState
    streams: ShelfStreams

    def __init__(self) -> None:
        self.clock = FakeClock()
        super().__init__(self.clock, BusSettings())
        self.events = ShelfEvents(self.clock, 1_000_000, 3600.0)
        self.published: list[Publication] = []
        self.events.published = self.published
        self.state = ShelfState(self.clock)
        self.streams = ShelfStreams(self.clock, StreamSettings())
        self.told: list[StreamChange] = []
        self.done: list[Delivery | None] = []
        self.expected: list[float] = []
        self.fault: Exception | None = None
        settings = BusSettings(max_event_bytes=MAX_EVENT)
        bus = BusService(self.events, self.clock, settings, Reports(), unchecked())
        changes = ChangeService(self.clock)
        streams = StreamService(self, changes, self.clock, MAX_VALUE, unchecked())
        streams.catalog = changes.catalog = build_catalog([WATCHING])
        streams.listen(self.told.append)
        state = StateService(self, changes, self.clock, MAX_VALUE)
        self.services = Services(bus, state, streams, TextService(self.texts, self.clock, StreamSettings()))

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        if self.fault:
            raise self.fault
        written = await super().commit(writes, done)
        self.done += [done] if done is not None else []
        return written

    def hold(self, max_held_writes: int = 1000, max_held_bytes: int = 1_000_000) -> HeldWrites:
        return HeldWrites(self, self.clock, self.expected.append, max_held_writes, max_held_bytes)

    async def commit_of(self, held: HeldWrites) -> None:
        await held.commit(self, DELIVERY)

    @property
    def content(self) -> Any:
        """All that is kept, with the order inside the groups."""
        published = [(publication.event.topic, publication.event.data) for publication in self.published]
        return self.state.content, self.streams.content, published

    def value(self, key: str, group: str = "g") -> Any:
        """A stored value, decoded."""
        return decode({key: value for key, value, _ in self.state.content[group]}[key])
