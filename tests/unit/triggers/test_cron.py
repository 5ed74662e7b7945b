"""triggers/cron: schedules -> events, and when their ticks are."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import pytest
import tzlocal
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.catalog import build_catalog
from runtime.config import CronSettings
from runtime.contracts import Timer
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import LoadedFile, LogLevel, Manifest, TriggerKind
from runtime.records import Placement, Publication, QueueKey
from runtime.triggers.cron import CronScheduler, ScheduleStatus, UnknownSchedule, next_tick, ticks_back, zone_of
from tests.fakes import FakeClock, Reports, settle

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")
MINUTE, HOUR = 60.0, 3600.0


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc, arg-type]


NOON = at(2024, 6, 1, 12, zone=UTC)


class HastyClock(FakeClock):
    """Calls back a little early, as event loops that round to milliseconds do."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        return super().call_at(when - 0.0004, callback)


class FakeStore:
    """A lock and a bus that keep their contracts in memory: what was published stays until it is done."""

    def __init__(self) -> None:
        self.newest: dict[str, float] = {}
        self.ticks: list[float] = []
        self.publications: list[Publication] = []
        self.faults: list[Exception] = []
        self.held: Counter[QueueKey] = Counter()

    async def last(self, schedule: str) -> float | None:
        return self.newest.get(schedule)

    async def fire(self, schedule: str, tick: float, publication: Publication | None) -> bool:
        if self.faults:
            raise self.faults.pop()
        if tick <= self.newest.get(schedule, float("-inf")):
            return False
        if publication is not None:
            await self.publish(publication)
            self.ticks.append(tick)
        self.newest[schedule] = tick
        return True

    async def publish(self, publication: Publication) -> str:
        self.publications.append(publication)
        self.held.update(placement.queue for placement in publication.placements)
        return publication.event.id

    def busy(self, queue: QueueKey) -> bool:
        return self.held[queue] > 0

    def finish(self) -> None:
        """Everything that was published is done."""
        self.held.clear()


class Scheduling:
    """A scheduler at work on steps `a`, `b`, ..., from a whole minute on."""

    def __init__(
        self,
        *expressions: str,
        clock: FakeClock | None = None,
        store: FakeStore | None = None,
        most: int = 1000,
        **config: Any,
    ) -> None:
        self.clock = clock or FakeClock(NOON)
        self.store = store or FakeStore()
        self.reports = Reports()
        files = tuple(
            LoadedFile(
                f"steps/{name}.step.ts",
                {"type": "cron", "cron": expression, "timezone": "UTC", **config},
                has_handler=True,
            )
            for name, expression in zip("abc", expressions, strict=False)
        )
        self.catalog = build_catalog([Manifest("node", files)])
        assert len(self.catalog.schedules) == len(expressions), self.catalog.problems
        self.scheduler = CronScheduler(
            self.store, self.store, self.clock, self.reports, CronSettings(max_catch_up=most), self.store.busy
        )
        self.stop = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Scheduling]:
        task = asyncio.ensure_future(self.scheduler.run(self.catalog, self.stop))
        await settle()
        try:
            yield self
        finally:
            self.stop.set()
            await task

    def minutes(self) -> list[float]:
        """The ticks that were fired, in minutes after noon."""
        return [(tick - NOON) / MINUTE for tick in self.store.ticks]


async def outage(store: FakeStore, minutes: float, **config: Any) -> Scheduling:
    """A schedule for every five minutes that ran until 12:05, and is about to start again so much later."""
    async with Scheduling("*/5 * * * *", store=store).running() as before:
        await before.clock.advance(5 * MINUTE)
    store.finish()
    store.ticks.clear()
    return Scheduling("*/5 * * * *", clock=FakeClock(NOON + (5 + minutes) * MINUTE), store=store, **config)


# ------------------------------------------------------------ firing


async def test_a_tick_is_an_event_in_the_queue_of_its_step() -> None:
    async with Scheduling("*/5 * * * *", overlap="allow").running() as scheduling:
        await scheduling.clock.advance(299)
        assert scheduling.store.publications == []
        await scheduling.clock.advance(1)
        [publication] = scheduling.store.publications
        assert publication.placements == (Placement(QueueKey("", "a", TriggerKind.CRON)),)
        event = publication.event
        assert (event.topic, event.data, event.created) == ("", b"", NOON + 300)
        assert len(event.trace_id) == 32
        await scheduling.clock.advance(HOUR)
        assert scheduling.minutes() == [5 * count for count in range(1, 14)]
        assert len({publication.event.id for publication in scheduling.store.publications}) == 13
        assert len({publication.event.trace_id for publication in scheduling.store.publications}) == 13
        assert scheduling.reports.lines == []


async def test_a_delay_and_fifo_are_those_of_the_step_s_queue() -> None:
    queue = {"type": "fifo", "delaySeconds": 7}
    async with Scheduling("* * * * *", infrastructure={"queue": queue}).running() as scheduling:
        await scheduling.clock.advance(MINUTE)
        [publication] = scheduling.store.publications
        assert publication.placements == (Placement(QueueKey("", "a", TriggerKind.CRON), NOON + 67, "a"),)


async def test_a_tick_is_skipped_and_said_while_the_queue_holds_anything() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        await scheduling.clock.advance(3 * MINUTE)
        assert scheduling.minutes() == [1]
        assert scheduling.store.newest == {"a": NOON + 180}
        assert scheduling.reports.messages(LogLevel.WARN) == [
            f"skipped the tick of 2024-06-01T12:0{minute}:00+00:00: the run before is not done" for minute in (2, 3)
        ]
        scheduling.store.finish()
        await scheduling.clock.advance(MINUTE)
        assert scheduling.minutes() == [1, 4]


@pytest.mark.parametrize("overlap", ["queue", "allow"])
async def test_other_overlaps_publish_every_tick(overlap: str) -> None:
    async with Scheduling("* * * * *", overlap=overlap).running() as scheduling:
        await scheduling.clock.advance(3 * MINUTE)
        assert scheduling.minutes() == [1, 2, 3]
        assert scheduling.reports.lines == []


async def test_only_the_queue_of_the_step_counts() -> None:
    async with Scheduling("* * * * *", "*/2 * * * *").running() as scheduling:
        await scheduling.clock.advance(2 * MINUTE)
        assert {queue.step: count for queue, count in scheduling.store.held.items()} == {"a": 1, "b": 1}


async def test_a_callback_that_comes_early_fires_a_tick_once_and_skips_nothing() -> None:
    async with Scheduling("* * * * *", clock=HastyClock(NOON), overlap="allow").running() as scheduling:
        await scheduling.clock.advance(3 * MINUTE + 0.5)
        assert scheduling.minutes() == [1, 2, 3]


async def test_a_tick_that_another_instance_took_is_not_fired() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        await scheduling.store.fire("a", NOON + 60, None)
        await scheduling.clock.advance(MINUTE)
        assert scheduling.store.publications == []
        await scheduling.clock.advance(MINUTE)
        assert scheduling.minutes() == [2]


async def test_a_skip_that_another_instance_said_is_not_said_again() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        await scheduling.clock.advance(MINUTE)
        await scheduling.store.fire("a", NOON + 120, None)
        await scheduling.clock.advance(MINUTE)
        assert scheduling.reports.lines == []


@pytest.mark.parametrize("fault", [StorageFault("the disk is full"), HostCallRefused("the queue is full")])
async def test_a_tick_that_cannot_be_stored_is_said_and_the_schedule_goes_on(fault: Exception) -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        scheduling.store.faults.append(fault)
        await scheduling.clock.advance(MINUTE)
        assert scheduling.reports.lines == [
            (LogLevel.ERROR, f"the tick of 2024-06-01T12:01:00+00:00 is lost: {fault}", "a", "")
        ]
        await scheduling.clock.advance(MINUTE)
        assert scheduling.minutes() == [2]


async def test_nothing_is_fired_after_the_stop() -> None:
    scheduling = Scheduling("* * * * *")
    async with scheduling.running():
        pass
    await scheduling.clock.advance(5 * MINUTE)
    assert scheduling.store.publications == []


# ------------------------------------------------------------ what was missed


async def test_a_schedule_that_was_never_seen_has_missed_nothing_and_is_remembered() -> None:
    async with Scheduling("*/5 * * * *", catchUp="all").running() as scheduling:
        assert scheduling.store.publications == []
        assert scheduling.store.newest == {"a": NOON}
    later = Scheduling("*/5 * * * *", catchUp="all", clock=FakeClock(NOON + HOUR), store=scheduling.store)
    async with later.running():
        assert later.minutes() == [5 * count for count in range(1, 13)]


@pytest.mark.parametrize(
    ("catch_up", "made_up"),
    [({}, []), ({"catchUp": "none"}, []), ({"catchUp": "last"}, [20]), ({"catchUp": "all"}, [10, 15, 20])],
)
async def test_missed_ticks_are_made_up_for_as_the_step_asks(catch_up: dict[str, str], made_up: list[float]) -> None:
    scheduling = await outage(FakeStore(), 17, **catch_up)
    async with scheduling.running():
        assert scheduling.minutes() == made_up
        scheduling.store.finish()
        await scheduling.clock.advance(5 * MINUTE)
        assert scheduling.minutes() == [*made_up, 25]
        assert scheduling.reports.lines == []


@pytest.mark.parametrize("catch_up", ["last", "all"])
async def test_an_outage_between_two_ticks_has_missed_nothing(catch_up: str) -> None:
    scheduling = await outage(FakeStore(), 4.9, catchUp=catch_up)
    async with scheduling.running():
        assert scheduling.minutes() == []


async def test_of_too_many_missed_ticks_the_newest_are_kept_and_the_others_counted() -> None:
    scheduling = await outage(FakeStore(), 60, catchUp="all", most=3)
    async with scheduling.running():
        assert scheduling.minutes() == [55, 60, 65]
        [message] = scheduling.reports.messages(LogLevel.WARN)
        assert message == ("9 missed ticks are left out, all before 2024-06-01T12:55:00+00:00: cron.maxCatchUp is 3")


async def test_the_count_of_what_is_left_out_has_a_bound() -> None:
    store = FakeStore()
    store.newest["a"] = NOON - 30 * 24 * HOUR
    async with Scheduling("* * * * *", store=store, catchUp="all", most=2).running() as scheduling:
        assert scheduling.minutes() == [-1, 0]
        [message] = scheduling.reports.messages(LogLevel.WARN)
        assert message.startswith("10000 or more missed ticks are left out")


async def test_missed_ticks_run_after_one_another_even_where_an_overlap_is_skipped() -> None:
    scheduling = await outage(FakeStore(), 17, catchUp="all", overlap="skip")
    async with scheduling.running():
        assert len(scheduling.store.publications) - 1 == 3
        await scheduling.clock.advance(5 * MINUTE)
        assert len(scheduling.reports.messages(LogLevel.WARN)) == 1


async def test_missed_ticks_that_another_instance_made_up_for_are_not_fired() -> None:
    store = FakeStore()
    first = await outage(store, 17, catchUp="all")
    second = Scheduling("*/5 * * * *", clock=first.clock, store=store, catchUp="all")
    async with first.running(), second.running():
        assert first.minutes() == [10, 15, 20]
        store.finish()
        await first.clock.advance(5 * MINUTE)
        assert first.minutes() == [10, 15, 20, 25]


class SleepyClock(FakeClock):
    """A clock that can jump and whose timers do not notice, as when it is set or the machine sleeps."""

    def jump(self, seconds: float) -> None:
        self._now += seconds
        self._timers = [(when + seconds, order, timer) for when, order, timer in self._timers]


@pytest.mark.parametrize(
    ("catch_up", "fired"), [("none", [5, 35]), ("last", [5, 30, 35]), ("all", [5, 10, 15, 20, 25, 30, 35])]
)
async def test_a_sleep_of_the_machine_is_an_outage_that_begins_after_one_tick(
    catch_up: str, fired: list[float]
) -> None:
    clock = SleepyClock(NOON)
    async with Scheduling("*/5 * * * *", clock=clock, catchUp=catch_up, overlap="queue").running() as scheduling:
        clock.jump(32 * MINUTE)
        await clock.advance(MINUTE)
        await clock.advance(2 * MINUTE)
        assert scheduling.minutes() == fired


async def test_a_clock_that_is_set_back_while_waiting_holds_a_tick_back() -> None:
    clock = SleepyClock(NOON)
    async with Scheduling("*/5 * * * *", clock=clock).running() as scheduling:
        await clock.advance(4.5 * MINUTE)
        clock.jump(-3 * MINUTE)
        await clock.advance(2 * MINUTE)
        assert scheduling.minutes() == []
        await clock.advance(1.5 * MINUTE)
        assert scheduling.minutes() == [5]


async def test_a_memory_of_the_future_is_said() -> None:
    store = FakeStore()
    store.newest["a"] = NOON + HOUR
    async with Scheduling("*/5 * * * *", store=store, catchUp="all").running() as scheduling:
        assert "2024-06-01T13:00:00+00:00: was the clock set back?" in scheduling.reports.messages(LogLevel.WARN)[0]
        await scheduling.clock.advance(HOUR + 5 * MINUTE)
        assert scheduling.minutes() == [65]


# ------------------------------------------------------------ by hand, and what is told


async def test_a_run_by_hand_is_published_at_once_whatever_the_queue_holds() -> None:
    async with Scheduling("0 9 * * *").running() as scheduling:
        first = await scheduling.scheduler.trigger("a")
        second = await scheduling.scheduler.trigger("a")
        assert [publication.event.id for publication in scheduling.store.publications] == [first, second]
        assert first != second
        assert scheduling.store.held == {QueueKey("", "a", TriggerKind.CRON): 2}
        assert scheduling.store.newest == {"a": NOON}


async def test_a_run_by_hand_of_a_step_that_is_none_names_those_there_are() -> None:
    async with Scheduling("0 9 * * *", "0 10 * * *").running() as scheduling:
        with pytest.raises(UnknownSchedule, match="no cron step 'nightly'; there are: a, b"):
            await scheduling.scheduler.trigger("nightly")
        with pytest.raises(UnknownSchedule, match="did you mean 'a'"):
            await scheduling.scheduler.trigger("aa")
    with pytest.raises(UnknownSchedule, match="nor any other"):
        await Scheduling().scheduler.trigger("a")


async def test_the_status_of_schedules() -> None:
    async with Scheduling("*/5 * * * *", "0 9 * * *").running() as scheduling:
        nine = at(2024, 6, 2, 9, zone=UTC)
        assert scheduling.scheduler.schedules() == [
            ScheduleStatus("a", "*/5 * * * *", "UTC", NOON + 300, None),
            ScheduleStatus("b", "0 9 * * *", "UTC", nine, None),
        ]
        await scheduling.clock.advance(301)
        first = scheduling.scheduler.schedules()[0]
        assert (first.next, first.last) == (NOON + 600, NOON + 300)
    again = Scheduling("*/5 * * * *", "0 9 * * *", clock=FakeClock(NOON + 302), store=scheduling.store)
    async with again.running():
        assert [status.last for status in again.scheduler.schedules()] == [NOON + 300, None]


async def test_the_next_run_of_the_scheduler_has_the_schedules_of_its_catalog() -> None:
    scheduling = Scheduling("* * * * *", "* * * * *")
    async with scheduling.running():
        pass
    scheduling.stop, scheduling.catalog = anyio.Event(), Scheduling("* * * * *").catalog
    async with scheduling.running():
        assert [status.step for status in scheduling.scheduler.schedules()] == ["a"]
        await scheduling.clock.advance(MINUTE)
        assert len(scheduling.store.publications) == 1


# ------------------------------------------------------------ when ticks are

EVERY_HOUR = ["* * * * *", "30 * * * *", "0 */2 * * *", "*/7 * * * 0", "*/40 59 * * * *", "@hourly"]
NIGHTLY = ["30 1 * * *", "30 2 * * *", "*/20 2 * * *", "15,45 1-3 * * *", "0 0-23 * * *", "*/40 59 1,2 * * *", "@Daily"]
SELDOM = ["*/7 3 * * 0", "0 9 29 2 *", "0 12 L * *", "0 12 * * MON#1"]
EXPRESSIONS = EVERY_HOUR + NIGHTLY + SELDOM
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "UTC"]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def matches(expression: str, local: datetime) -> bool:
    """Whether a clock that shows this time, to the second, is one of the expression's."""
    before = local.replace(tzinfo=None, fold=0) - timedelta(seconds=1)
    return croniter(expression, before, second_at_beginning=True).get_next(datetime) == local.replace(
        tzinfo=None, fold=0
    )


@given(st.sampled_from(EXPRESSIONS), MOMENTS, st.sampled_from(ZONES))
def test_ticks_strictly_increase_and_match_their_expression(expression: str, moment: datetime, name: str) -> None:
    zone, tick = ZoneInfo(name), moment.timestamp()
    for _ in range(5):
        before, tick = tick, next_tick(expression, tick, zone)
        assert tick > before
        local = datetime.fromtimestamp(tick, zone)
        follows_gap = datetime.fromtimestamp(tick - 1, zone).utcoffset() != local.utcoffset()
        assert follows_gap or matches(expression, local)


@given(st.sampled_from(EXPRESSIONS), MOMENTS, st.sampled_from(ZONES))
def test_ticks_are_the_same_both_ways(expression: str, moment: datetime, name: str) -> None:
    zone, start = ZoneInfo(name), moment.timestamp()
    forwards = [start]
    for _ in range(8):
        forwards.append(next_tick(expression, forwards[-1], zone))
    back = takewhile(lambda tick: tick > start, ticks_back(expression, forwards[-1], zone))
    assert [*back] == forwards[:0:-1]


def ticks_by_the_rule(expression: str, start: float, end: float, zone: ZoneInfo, *, every_hour: bool) -> list[float]:
    """The documented rule, said anew, minute by minute of both clocks."""
    ticks = set()
    moments = [start + 60 * count for count in range(int(end - start) // 60)]
    for moment in moments:
        local = datetime.fromtimestamp(moment, zone)
        if matches(expression, local) and (every_hour or local.fold == 0):
            ticks.add(moment)
        skipped = int((local.utcoffset() or timedelta()).total_seconds())
        skipped -= int((datetime.fromtimestamp(moment - 60, zone).utcoffset() or timedelta()).total_seconds())
        if skipped > 0 and not every_hour:
            gone = [local - timedelta(minutes=count) for count in range(1, skipped // 60 + 1)]
            ticks |= {moment for wall in gone if matches(expression, wall)}
    return sorted(ticks)


@settings(max_examples=30)
@given(
    st.builds(
        "{} {} * * *".format,
        st.sampled_from(["0", "30", "*/20", "5,55", "10-50/15"]),
        st.sampled_from(["*", "*/2", "*/3", "0", "1", "2", "3", "0-3", "1,2", "2-23/2"]),
    ),
    st.sampled_from(
        [
            ("Europe/Berlin", (2024, 3, 31)),
            ("Europe/Berlin", (2024, 10, 27)),
            ("America/New_York", (2024, 3, 10)),
            ("America/New_York", (2024, 11, 3)),
            ("Australia/Lord_Howe", (2024, 4, 7)),
            ("Australia/Lord_Howe", (2024, 10, 6)),
            ("America/Havana", (2024, 3, 10)),
            ("America/Havana", (2024, 11, 3)),
        ]
    ),
)
def test_the_day_of_a_time_change_by_the_rule(expression: str, change: tuple[str, tuple[int, int, int]]) -> None:
    zone = ZoneInfo(change[0])
    start = at(*change[1], zone=zone) - 2 * HOUR
    end = start + 9 * HOUR
    ticks = [next_tick(expression, start - 1, zone)]
    while ticks[-1] < end:
        ticks.append(next_tick(expression, ticks[-1], zone))
    every_hour = expression.split()[1].startswith("*")
    assert ticks[:-1] == ticks_by_the_rule(expression, start, end, zone, every_hour=every_hour)
    back = takewhile(lambda tick: tick >= start, ticks_back(expression, end - 1, zone))
    assert [*back] == ticks[-2::-1]


def clock_times(expression: str, zone: ZoneInfo, *day: int) -> list[str]:
    """What clocks show at the ticks before 5 o'clock, with the offset."""
    tick, shown = next_tick(expression, at(*day, zone=zone) - 1, zone), []
    while tick < at(*day, 5, zone=zone):
        shown.append(datetime.fromtimestamp(tick, zone).strftime("%H:%M%z").removesuffix("00"))
        tick = next_tick(expression, tick, zone)
    return shown


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        ("30 2 * * *", ["03:00+02"], ["02:30+02"]),
        ("*/20 2 * * *", ["03:00+02"], ["02:00+02", "02:20+02", "02:40+02"]),
        ("0 2,3 * * *", ["03:00+02"], ["02:00+02", "03:00+01"]),
        ("30 1-3 * * *", ["01:30+01", "03:00+02", "03:30+02"], ["01:30+02", "02:30+02", "03:30+01"]),
        (
            "30 * * * *",
            ["00:30+01", "01:30+01", "03:30+02", "04:30+02"],
            ["00:30+02", "01:30+02", "02:30+02", "02:30+01", "03:30+01", "04:30+01"],
        ),
        ("0 */2 * * *", ["00:00+01", "04:00+02"], ["00:00+02", "02:00+02", "02:00+01", "04:00+01"]),
        ("0 4 * * *", ["04:00+02"], ["04:00+01"]),
    ],
)
def test_time_changes_in_berlin(expression: str, spring: list[str], autumn: list[str]) -> None:
    assert clock_times(expression, BERLIN, 2024, 3, 31) == spring
    assert clock_times(expression, BERLIN, 2024, 10, 27) == autumn


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        ("30 2 * * *", ["03:00-04"], ["02:30-05"]),
        ("30 1 * * *", ["01:30-05"], ["01:30-04"]),
        (
            "@hourly",
            ["00:00-05", "01:00-05", "03:00-04", "04:00-04"],
            ["00:00-04", "01:00-04", "01:00-05", "02:00-05", "03:00-05", "04:00-05"],
        ),
        ("45 0,1 1,2 * * *", ["01:00-05", "01:01-05", "03:00-04"], ["01:00-04", "01:01-04", "02:00-05", "02:01-05"]),
    ],
)
def test_time_changes_in_new_york(expression: str, spring: list[str], autumn: list[str]) -> None:
    assert clock_times(expression, NEW_YORK, 2024, 3, 10) == spring
    assert clock_times(expression, NEW_YORK, 2024, 11, 3) == autumn


def test_where_the_library_differs() -> None:
    """It runs a fixed hour twice and moves `*/2` into an odd hour; here neither happens."""

    def of_library(expression: str, *day: int) -> list[str]:
        ticks = croniter(expression, datetime(*day, 1, 30, tzinfo=BERLIN))  # type: ignore[misc, arg-type, call-arg]
        return [ticks.get_next(datetime).strftime("%H:%M%z") for _ in range(2)]

    assert of_library("30 2 * * *", 2024, 10, 27) == ["02:30+0200", "02:30+0100"]
    assert of_library("0 */2 * * *", 2024, 3, 31) == ["03:00+0200", "04:00+0200"]


def test_a_start_in_the_second_pass_of_an_hour_does_not_run_it_again() -> None:
    second = datetime(2024, 10, 27, 2, 10, tzinfo=BERLIN, fold=1).timestamp()
    assert next_tick("30 2 * * *", second, BERLIN) == at(2024, 10, 28, 2, 30, zone=BERLIN)
    assert next_tick("30 2-3 * * *", second, BERLIN) == at(2024, 10, 27, 3, 30, zone=BERLIN)
    assert next_tick("30 * * * *", second, BERLIN) == second + 20 * MINUTE


def test_a_day_that_a_zone_left_out() -> None:
    apia = ZoneInfo("Pacific/Apia")
    eve = at(2011, 12, 29, 12, zone=apia)
    assert next_tick("0 9 * * *", eve, apia) == at(2011, 12, 31, 0, zone=apia)
    assert next_tick("0 * * * *", at(2011, 12, 29, 23, zone=apia), apia) == at(2011, 12, 31, 0, zone=apia)


def test_seconds_come_first_of_six_fields() -> None:
    assert next_tick("30 0 9 * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 9, 0, 30)
    assert next_tick("*/10 * * * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 0, 0, 10)


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("0 9 * JAN MON", (2025, 1, 6, 9)),
        ("0 9 * * 7", (2024, 6, 2, 9)),
        ("@hourly", (2024, 6, 1, 13)),
        ("@daily", (2024, 6, 2)),
        ("@yearly", (2025, 1, 1)),
        ("0 0 13 * FRI", (2024, 6, 7)),
        ("0 0 29 2 *", (2028, 2, 29)),
    ],
)
def test_names(expression: str, parts: tuple[int, ...]) -> None:
    parts = (*parts, 0)[:4]
    assert next_tick(expression, at(2024, 6, 1, 12), NEW_YORK) == at(*parts)


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
