"""Consumers of events at work on the memory engine, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import anyio

from runtime.catalog import Catalog, build_catalog
from runtime.config import BusSettings
from runtime.contracts import Engine, EventBus, RunnerPool
from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, LoadedFile, Manifest, Outcome
from runtime.records import Delivery, Event, Placement, Publication, QueueKey
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.triggers.events import EventConsumers
from tests.engines.events import depth
from tests.fakes import FakeClock, FakePool, FakeRunner, Reports, settle, traced

QUEUE = QueueKey("t", "a")
BOOM = Outcome(failure=Failure(FailureKind.HANDLER, "boom"))


def event_step(
    name: str = "a",
    *topics: str,
    file: str = "",
    handler: Mapping[str, Any] | None = None,
    **queue: Any,
) -> LoadedFile:
    """A step as its runner has loaded it; without topics it subscribes to `t` and `u`."""
    config = {
        "type": "event",
        "name": name,
        "subscribes": list(topics) or ["t", "u"],
        "infrastructure": {"queue": queue, "handler": handler or {}},
    }
    return LoadedFile(file or f"steps/{name}.step.ts", config, has_handler=True)


def catalog_of(*files: LoadedFile) -> Catalog:
    """The catalog of steps that one runner has loaded."""
    catalog = build_catalog([Manifest("node", files)])
    assert len(catalog.steps) == len(files), catalog.problems
    return catalog


class FakeHeld:
    """Holds no writes; its commit acknowledges, unless it is told to fail."""

    fail: ClassVar[list[Exception]] = []

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus
        self.ended = ""

    async def commit(self, engine: Engine, delivery: Delivery) -> None:
        if self.fail:
            raise self.fail.pop()
        self.ended = "committed"
        await self.bus.acknowledge(delivery)

    def drop(self) -> None:
        self.ended = self.ended or "dropped"


class Consuming:
    """Consumers of one step that subscribes to `t` and `u`, at work."""

    def __init__(
        self,
        *script: Outcome,
        handler: Mapping[str, Any] | None = None,
        pool: RunnerPool | None = None,
        **queue: Any,
    ) -> None:
        """`pool` is in place of one that has room always."""
        self.clock = FakeClock()
        self.engine = MemoryEngine(self.clock, BusSettings())
        self.bus = self.engine.events
        self.held: list[FakeHeld] = []
        self.fake = FakeRunner(*script)
        self.reports = Reports()
        self.traces = MemoryTraceStore()
        self.tracer = traced(self.traces, self.clock)
        self.catalog = catalog_of(event_step(handler=handler, **queue))
        dispatcher = Dispatcher({"node": pool or FakePool(self.fake)})
        self.consumers = EventConsumers(self.engine, dispatcher, self.clock, self.reports, self.hold, self.tracer)
        self.stop = anyio.Event()

    def hold(self) -> FakeHeld:
        self.held.append(FakeHeld(self.bus))
        return self.held[-1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Consuming]:
        task = asyncio.ensure_future(self.consumers.run(self.catalog, self.stop))
        await settle()
        try:
            yield self
        finally:
            self.fake.release()
            self.stop.set()
            await task

    async def emit(self, id: str = "e", topic: str = "t", data: bytes = b"") -> None:
        await self.put(id, topic, data=data)
        await settle()

    async def put(self, id: str, topic: str = "t", step: str = "a", group: str = "", data: bytes = b"") -> None:
        """Publishes in this turn of the loop: whoever waits for the event is woken in the next one."""
        event = Event(id, topic, data, "f" * 32)
        await self.bus.publish(Publication(event, (Placement(QueueKey(topic, step), group=group),)))

    def use(self, *files: LoadedFile) -> None:
        """Puts a catalog of these steps into use."""
        self.consumers.use(catalog_of(*files))

    def ran(self) -> list[str]:
        """The ids of the events that were handled, in that order, once for each attempt."""
        return [invocation.cause_id for invocation in self.fake.invocations]

    def end_runs(self) -> None:
        """Lets those end that run now; others that begin are held again."""
        self.fake.release()
        self.fake.hold()

    def depth(self) -> int:
        return depth(self.bus, QUEUE)
