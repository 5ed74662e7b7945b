"""The storage engines that every test here runs against; a new engine is one entry in `ENGINES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from runtime.config import BusSettings, StreamSettings
from runtime.contracts import Clock, CronLock, Engine, EventBus, StateStore, StreamStore
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.sqlite.engine import SqliteEngine
from tests.fakes import FakeClock

MAX_QUEUE_LENGTH = 8
IDEMPOTENCY_WINDOW = 3600.0
SETTINGS = BusSettings(max_queue_length=MAX_QUEUE_LENGTH, idempotency_window=IDEMPOTENCY_WINDOW, max_cached_bytes=100)
MAX_DELETED = 40
KEEP_DELETED = 600.0
STREAMS = StreamSettings(max_deleted=MAX_DELETED, keep_deleted=KEEP_DELETED)

MakeEngine = Callable[[Path, Clock], Engine]
Opened = Callable[[], AbstractAsyncContextManager[Engine]]

ENGINES: dict[str, MakeEngine] = {
    "memory": lambda folder, clock: MemoryEngine(clock, SETTINGS, STREAMS),
    "sqlite": lambda folder, clock: SqliteEngine(folder / "runtime.db", clock, SETTINGS, "process", STREAMS),
    "sqlite, full": lambda folder, clock: SqliteEngine(folder / "runtime.db", clock, SETTINGS, "full", STREAMS),
}
DURABLE = [name for name in ENGINES if name != "memory"]


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    """The engine's name; a test that a memory engine cannot pass parametrizes it with `DURABLE`."""
    return str(request.param)


@pytest.fixture
def opened(name: str, tmp_path: Path, clock: FakeClock) -> Opened:
    """Opens the engine; called again after the end of the first it is the next process on the same files."""

    @asynccontextmanager
    async def open_engine() -> AsyncIterator[Engine]:
        engine = ENGINES[name](tmp_path, clock)
        async with engine.open():
            yield engine

    return open_engine


@pytest.fixture
async def engine(opened: Opened) -> AsyncIterator[Engine]:
    async with opened() as engine:
        yield engine


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(engine: Engine) -> EventBus:
    return engine.events


@pytest.fixture
def state(engine: Engine) -> StateStore:
    return engine.state


@pytest.fixture
def streams(engine: Engine) -> StreamStore:
    return engine.streams


@pytest.fixture
def cron(engine: Engine) -> CronLock:
    return engine.cron
