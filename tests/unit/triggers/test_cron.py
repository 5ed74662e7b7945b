"""triggers/cron: schedules -> invocations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import anyio
import pytest
import tzlocal
from hypothesis import given
from hypothesis import strategies as st

from runtime.catalog import build_catalog
from runtime.contracts import Timer
from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, LoadedFile, LogLevel, Manifest, Outcome, TriggerKind
from runtime.storage.memory.cron import MemoryCronLock
from runtime.triggers.cron import CronScheduler, next_tick, zone_of
from tests.fakes import FakeClock, FakePool, FakeRunner, Reports, settle

NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc, arg-type]


class HastyClock(FakeClock):
    """Calls back a little early, as event loops that round to milliseconds do."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        return super().call_at(when - 0.0004, callback)


class Scheduling:
    """A scheduler at work, from a whole minute on."""

    def __init__(self, expression: str, *script: Outcome, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock(at(2024, 6, 1, 12, zone=UTC))
        self.fake = FakeRunner(*script)
        self.reports = Reports()
        config = {"type": "cron", "cron": expression, "timezone": "UTC"}
        self.catalog = build_catalog([Manifest("node", (LoadedFile("steps/a.step.ts", config, has_handler=True),))])
        assert self.catalog.schedules, self.catalog.problems
        self.lock = MemoryCronLock()
        self.stop = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Scheduling]:
        dispatcher = Dispatcher({"node": FakePool(self.fake)})
        scheduler = CronScheduler(self.lock, dispatcher, self.clock, self.reports, "")
        task = asyncio.ensure_future(scheduler.run(self.catalog, self.stop))
        await settle()
        try:
            yield self
        finally:
            self.fake.release()
            self.stop.set()
            await task


async def test_a_step_runs_at_its_ticks() -> None:
    async with Scheduling("*/5 * * * *").running() as scheduling:
        await scheduling.clock.advance(299)
        assert scheduling.fake.invocations == []
        await scheduling.clock.advance(1)
        [invocation] = scheduling.fake.invocations
        assert (invocation.kind, invocation.source, invocation.payload) == (TriggerKind.CRON, "*/5 * * * *", b"")
        assert len(invocation.trace_id) == 32
        await scheduling.clock.advance(3600)
        assert len(scheduling.fake.invocations) == 13
        assert len({invocation.trace_id for invocation in scheduling.fake.invocations}) == 13
        assert scheduling.reports.lines == []


async def test_a_run_that_lasts_past_the_next_tick_makes_it_be_skipped() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        scheduling.fake.hold()
        await scheduling.clock.advance(180)
        assert len(scheduling.fake.invocations) == 1
        assert len(scheduling.reports.messages(LogLevel.WARN)) == 2
        scheduling.fake.release()
        await settle()
        await scheduling.clock.advance(60)
        assert len(scheduling.fake.invocations) == 2


async def test_a_callback_that_comes_early_runs_a_tick_once_and_skips_nothing() -> None:
    clock = HastyClock(at(2024, 6, 1, 12, zone=UTC))
    async with Scheduling("* * * * *", clock=clock).running() as scheduling:
        scheduling.fake.hold()
        await clock.advance(60.5)
        assert len(scheduling.fake.invocations) == 1
        assert scheduling.reports.messages(LogLevel.WARN) == []


async def test_ticks_that_were_slept_through_are_not_made_up_for() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        for _ in range(3):
            await scheduling.clock.advance(60)
        assert len(scheduling.fake.invocations) == 3
    later = Scheduling("* * * * *", clock=FakeClock(scheduling.clock.now() + 3600))
    async with later.running():
        await later.clock.advance(60)
        assert len(later.fake.invocations) == 1


async def test_a_tick_that_another_instance_took_is_not_run() -> None:
    scheduling = Scheduling("* * * * *")
    await scheduling.lock.acquire("a", scheduling.clock.now() + 60)
    async with scheduling.running():
        await scheduling.clock.advance(60)
        assert scheduling.fake.invocations == []
        await scheduling.clock.advance(60)
        assert len(scheduling.fake.invocations) == 1


async def test_a_failure_is_reported_and_the_schedule_goes_on() -> None:
    boom = Outcome(failure=Failure(FailureKind.HANDLER, "boom", "TypeError"))
    async with Scheduling("* * * * *", boom).running() as scheduling:
        await scheduling.clock.advance(60)
        [(level, message, step, trace)] = scheduling.reports.lines
        assert (level, message, step) == (LogLevel.ERROR, "TypeError: boom", "a")
        assert trace == scheduling.fake.invocations[0].trace_id
        await scheduling.clock.advance(60)
        assert len(scheduling.fake.invocations) == 2


async def test_a_stop_lets_a_run_end() -> None:
    scheduling = Scheduling("* * * * *")
    scheduling.fake.hold()
    async with scheduling.running():
        await scheduling.clock.advance(60)
        scheduling.stop.set()
        await settle()
        assert scheduling.fake.running == 1
    assert scheduling.fake.cancelled == []


@given(
    st.sampled_from(["* * * * *", "30 1 * * *", "30 2 * * *", "0 0 * * *", "*/7 3 * * 0", "0 9 29 2 *", "@hourly"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_the_next_tick_is_later(expression: str, moment: datetime, zone: str) -> None:
    after = moment.replace(tzinfo=UTC).timestamp()
    assert next_tick(expression, after, ZoneInfo(zone)) > after


def test_seconds_come_first_of_six_fields() -> None:
    assert next_tick("30 0 9 * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 9, 0, 30)
    assert next_tick("*/10 * * * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 0, 0, 10)


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    tzlocal.reload_localzone()
    yield
    monkeypatch.undo()
    time.tzset()
    tzlocal.reload_localzone()


@pytest.mark.usefixtures("machine_in_new_york")
@pytest.mark.parametrize("zone", ["America/New_York", ""])
@pytest.mark.parametrize("day", [(2024, 3, 10), (2024, 11, 3), (2024, 6, 1)])
def test_nine_o_clock_is_nine_o_clock_on_the_day_of_a_time_change(day: tuple[int, int, int], zone: str) -> None:
    evening_before = (datetime(*day, 22) - timedelta(days=1)).replace(tzinfo=NEW_YORK).timestamp()
    assert next_tick("0 9 * * *", evening_before, zone_of(zone)) == at(*day, 9)


def test_an_hour_that_a_time_change_leaves_out_moves_a_tick_to_its_end() -> None:
    assert next_tick("30 2 * * *", at(2024, 3, 9, 22), NEW_YORK) == at(2024, 3, 10, 3)
