"""The storage engines that every test here runs against; a new engine is one entry in `ENGINES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from runtime.contracts import Clock, CronLock, EventBus, StateStore, StreamStore
from runtime.storage.memory.cron import MemoryCronLock
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore
from tests.fakes import FakeClock

MAX_QUEUE_LENGTH = 8
MAX_DEAD_LETTERS = 3


@dataclass(frozen=True)
class Engine:
    """How the stores of an engine are made."""

    events: Callable[[Clock], EventBus]
    state: Callable[[], StateStore]
    streams: Callable[[], StreamStore]
    cron: Callable[[], CronLock]


ENGINES = {
    "memory": Engine(
        lambda clock: MemoryEventBus(clock, MAX_QUEUE_LENGTH, MAX_DEAD_LETTERS),
        MemoryStateStore,
        MemoryStreamStore,
        MemoryCronLock,
    ),
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def bus(engine: Engine, clock: FakeClock) -> AsyncIterator[EventBus]:
    made = engine.events(clock)
    async with made.open():
        yield made


@pytest.fixture
def state(engine: Engine) -> StateStore:
    return engine.state()


@pytest.fixture
def streams(engine: Engine) -> StreamStore:
    return engine.streams()


@pytest.fixture
def cron(engine: Engine) -> CronLock:
    return engine.cron()
