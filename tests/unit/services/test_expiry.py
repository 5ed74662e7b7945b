"""services/expiry: values whose time is over are removed and told of, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.catalog import build_catalog
from runtime.config import BusSettings
from runtime.contracts import Engine
from runtime.errors import StorageFault
from runtime.model import LoadedFile, LogLevel, Manifest
from runtime.records import Delivery, StateWrite, Write, Written
from runtime.services.changes import ChangeService
from runtime.services.expiry import AGAIN_SECONDS, SWEPT_VALUES, ExpiryService
from runtime.services.state import StateService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.sqlite.engine import SqliteEngine
from runtime.values import decode, encode
from tests.fakes import FakeClock, Reports, settle

TRACE = "f" * 32
MAX_QUEUE = 100
STEPS = (
    LoadedFile("steps/w.step.ts", {"type": "state", "groupId": "watched", "on": ["delete"]}, has_handler=True),
    LoadedFile("steps/o.step.ts", {"type": "state", "groupId": "other"}, has_handler=True),
)


class FaultyState(MemoryStateStore):
    """Fails to be read when it is told to."""

    fault: Exception | None = None
    fails: tuple[str, ...] = ()

    def ending(self) -> float | None:
        self.meet("ending")
        return super().ending()

    async def ended(self, limit: int) -> Sequence[tuple[str, str]]:
        self.meet("ended")
        return await super().ended(limit)

    def meet(self, what: str) -> None:
        if self.fault is not None and what in self.fails:
            raise self.fault


class FaultyEngine(MemoryEngine):
    """Fails when it is told to, at what it is told."""

    def __init__(self, clock: FakeClock, settings: BusSettings) -> None:
        super().__init__(clock, settings)
        self.state: FaultyState = FaultyState(clock)

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        self.state.meet("commit")
        return await super().commit(writes, done)


class Ending:
    """State and what removes its ended values, over an engine."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine = engine
        self.clock = clock
        self.reports = Reports()
        changes = ChangeService(clock)
        changes.catalog = build_catalog([Manifest("node", STEPS, ())])
        self.expiry = ExpiryService(engine, changes, clock, self.reports)
        self.state = StateService(engine, changes, clock, 1000, self.expiry.expect)
        self.seen: list[tuple[str, str]] = []
        self.expiry.ended = lambda group, key: self.seen.append((group, key))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.expiry.run())
        await settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def set(self, key: str, ttl: float, group: str = "watched") -> None:
        await self.state.set(group, key, encode(key), TRACE, {"ttl": ttl} if ttl else {})

    async def told(self) -> list[tuple[Any, Any, Any]]:
        """Of each event that waits: operation, key and what the value was."""
        found: list[Delivery] = []
        for status in self.engine.events.status():
            found += await self.engine.events.waiting(status.queue, 1000)
        events = [decode(one.event.data) for one in sorted(found)]
        return [(one["operation"], one["key"], one["previous"]) for one in events]


@pytest.fixture(params=["memory", "sqlite"])
async def ending(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ending]:
    clock, settings = FakeClock(), BusSettings(max_queue_length=MAX_QUEUE)
    engine: Engine = FaultyEngine(clock, settings)
    if request.param == "sqlite":
        engine = SqliteEngine(tmp_path / "runtime.db", clock, settings, "process")
    async with engine.open():
        yield Ending(engine, clock)


async def test_a_value_is_removed_and_told_at_its_end(ending: Ending) -> None:
    async with ending.running():
        await ending.set("k", 2)
        await ending.set("stays", 0)
        await ending.clock.advance(1)
        assert await ending.told() == []
        await ending.clock.advance(1)
        assert await ending.told() == [("delete", "k", "k")]
        assert ending.engine.state.ending() is None
        await ending.clock.advance(3600)
    assert await ending.told() == [("delete", "k", "k")]
    assert ending.seen == [("watched", "k")]


async def test_the_next_end_counts_in_whatever_order_they_are_set(ending: Ending) -> None:
    async with ending.running():
        for key, ttl in (("c", 3), ("a", 1), ("d", 4), ("b", 2)):
            await ending.set(key, ttl)
        for key in "abcd":
            await ending.clock.advance(1)
            assert (await ending.told())[-1] == ("delete", key, key)


async def test_an_end_that_is_put_off_does_not_come(ending: Ending) -> None:
    async with ending.running():
        await ending.set("k", 1)
        await ending.set("k", 3)
        await ending.clock.advance(2)
        assert (await ending.told(), decode(await ending.state.get("watched", "k"))) == ([], "k")
        await ending.clock.advance(1)
        assert await ending.told() == [("delete", "k", "k")]


async def test_what_ended_while_nothing_ran_is_told_at_the_start(ending: Ending) -> None:
    for number in range(SWEPT_VALUES + 5):
        await ending.set(str(number), 1 + number / 1000)
    await ending.set("later", 10)
    await ending.clock.advance(5)
    assert await ending.told() == []
    async with ending.running():
        assert len(await ending.told()) == SWEPT_VALUES + 5
        await ending.clock.advance(5)
        assert (await ending.told())[-1] == ("delete", "later", "later")


async def test_who_writes_first_has_told_of_the_end(ending: Ending) -> None:
    await ending.set("k", 1, group="other")
    await ending.clock.advance(1)
    await ending.set("k", 0, group="other")
    async with ending.running():
        await ending.clock.advance(10)
    assert await ending.told() == [("create", "k", None), ("delete", "k", "k"), ("create", "k", None)]


async def test_an_end_that_is_set_without_the_service_is_met_when_it_hears_of_it(ending: Ending) -> None:
    """As after the commit of an atomic run that took longer than the value was to stay."""
    async with ending.running():
        until = ending.clock.now() - 1
        await ending.engine.state.write(StateWrite("watched", "k", lambda _: encode("k"), until))
        ending.expiry.expect(until)
        await settle()
        assert await ending.told() == [("delete", "k", "k")]


async def test_a_full_queue_holds_back_its_own_values_alone(ending: Ending) -> None:
    async with ending.running():
        for number in range(MAX_QUEUE):
            await ending.set(f"full-{number}", 0, group="other")
        await ending.engine.state.write(StateWrite("other", "k", lambda _: encode("k"), ending.clock.now() + 1))
        await ending.set("k", 2)
        await ending.clock.advance(2)
        assert (await ending.told())[-1] == ("delete", "k", "k")
        assert list(await ending.engine.state.ended(10)) == [("other", "k")]
        (message,) = ending.reports.messages(LogLevel.ERROR)
        assert "the end of 'other' / 'k' waits to be told" in message
        (queue,) = [status.queue for status in ending.engine.events.status() if status.waiting == MAX_QUEUE]
        await ending.engine.events.acknowledge(await ending.engine.events.take(queue))
        await ending.clock.advance(AGAIN_SECONDS)
        assert (list(await ending.engine.state.ended(10)), len(ending.reports.lines)) == ([], 1)


@pytest.mark.parametrize("fails", [("commit",), ("ended",), ("ending",), ("commit", "ended", "ending")])
async def test_a_fault_is_said_once_and_tried_again(fails: tuple[str, ...]) -> None:
    clock = FakeClock()
    engine = FaultyEngine(clock, BusSettings())
    ending = Ending(engine, clock)
    async with ending.running():
        await ending.set("k", 1)
        engine.state.fails, engine.state.fault = fails, StorageFault("the disk is full")
        await clock.advance(5 * AGAIN_SECONDS)
        (message,) = ending.reports.messages(LogLevel.ERROR)
        assert "tried again: the disk is full" in message
        assert await ending.told() == ([("delete", "k", "k")] if fails == ("ending",) else [])
        engine.state.fault = None
        await clock.advance(AGAIN_SECONDS)
        assert await ending.told() == [("delete", "k", "k")]
        await ending.set("later", 3)
        await clock.advance(3)
        assert (await ending.told())[-1] == ("delete", "later", "later")


async def test_a_write_that_nobody_waits_for_ends_as_well(ending: Ending) -> None:
    async with ending.running():
        task = asyncio.ensure_future(ending.set("k", 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await settle()
        assert decode(await ending.state.get("watched", "k")) == "k"
        await ending.clock.advance(1)
        assert await ending.told() == [("delete", "k", "k")]
