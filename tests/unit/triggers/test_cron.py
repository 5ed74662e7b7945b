"""triggers/cron: schedules -> events, and when their ticks are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import pytest

from runtime.catalog import build_catalog
from runtime.config import CronSettings
from runtime.contracts import Timer
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import LoadedFile, LogLevel, Manifest, TriggerKind
from runtime.records import Placement, Publication, QueueKey
from runtime.triggers.cron import CronScheduler, ScheduleStatus, UnknownSchedule
from tests.fakes import FakeClock, Reports, settle

UTC = ZoneInfo("UTC")
MINUTE, HOUR = 60.0, 3600.0


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


NOON = at(2024, 6, 1, 12)


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


async def test_every_schedule_of_a_step_has_its_own_queue_and_memory() -> None:
    scheduling = Scheduling()
    triggers = [{"type": "cron", "cron": cron, "timezone": "UTC"} for cron in ("*/2 * * * *", "*/3 * * * *")]
    file = LoadedFile("steps/a.step.ts", {"triggers": triggers}, has_handler=True)
    scheduling.catalog = build_catalog([Manifest("node", (file,))])
    async with scheduling.running():
        await scheduling.clock.advance(3 * MINUTE)
        queues = {queue.topic: count for queue, count in scheduling.store.held.items()}
        assert queues == {"": 1, "*/3 * * * * UTC": 1}
        assert sorted(scheduling.store.newest.values()) == [NOON + 120, NOON + 180]
        first, second = scheduling.scheduler.schedules()
        assert (first.step, first.expression, first.last) == ("a", "*/2 * * * *", NOON + 120)
        assert (second.step, second.expression, second.last) == ("a", "*/3 * * * *", NOON + 180)
        await scheduling.scheduler.trigger("a")
        assert scheduling.store.publications[-1].placements[0].queue.topic == ""


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
        nine = at(2024, 6, 2, 9)
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


# ------------------------------------------------------------ other catalogs while it runs


def cron_step(name: str, expression: str, **config: Any) -> LoadedFile:
    """A step as its runner has loaded it."""
    given = {"type": "cron", "cron": expression, "timezone": "UTC", **config}
    return LoadedFile(f"steps/{name}.step.ts", given, has_handler=True)


def swap(scheduling: Scheduling, *files: LoadedFile) -> None:
    """Puts a catalog of these steps into use."""
    catalog = build_catalog([Manifest("node", files)])
    assert len(catalog.schedules) == len(files), catalog.problems
    scheduling.scheduler.use(catalog)


class CountingClock(FakeClock):
    """Counts the timers that are set."""

    timers = 0

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        self.timers += 1
        return super().call_at(when, callback)


async def test_schedules_that_stay_keep_their_timers() -> None:
    clock = CountingClock(NOON)
    async with Scheduling("*/5 * * * *", "@hourly", clock=clock, overlap="allow").running() as scheduling:
        await clock.advance(4 * MINUTE + 30)
        before = clock.timers
        swap(scheduling, cron_step("a", "*/5 * * * *", description="new", overlap="allow"), cron_step("b", "@hourly"))
        await settle()
        assert clock.timers == before
        await clock.advance(30)
        assert scheduling.minutes() == [5]
        assert [status.next for status in scheduling.scheduler.schedules()] == [NOON + 600, NOON + HOUR]


async def test_what_a_step_says_of_its_runs_counts_from_the_next_tick_on() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        await scheduling.clock.advance(30)
        queue = {"delaySeconds": 7}
        swap(scheduling, cron_step("a", "* * * * *", overlap="queue", infrastructure={"queue": queue}))
        await scheduling.clock.advance(90)
        assert scheduling.minutes() == [1, 2]
        assert scheduling.store.publications[0].placements[0].due == NOON + 67


async def test_other_times_count_from_now_on_and_make_up_for_nothing() -> None:
    async with Scheduling("*/30 * * * *", overlap="allow", catchUp="all").running() as scheduling:
        await scheduling.clock.advance(40 * MINUTE)
        swap(scheduling, cron_step("a", "*/4 * * * *", overlap="allow", catchUp="all"))
        await settle()
        [status] = scheduling.scheduler.schedules()
        assert status == ScheduleStatus("a", "*/4 * * * *", "UTC", NOON + 44 * MINUTE, NOON + 30 * MINUTE)
        await scheduling.clock.advance(10 * MINUTE)
        assert scheduling.minutes() == [30, 44, 48]


async def test_other_times_while_the_clock_waits_for_a_moment_that_was_set_back_count_after_it() -> None:
    store = FakeStore()
    store.newest["a"] = NOON + HOUR
    async with Scheduling("*/30 * * * *", store=store, overlap="allow").running() as scheduling:
        swap(scheduling, cron_step("a", "*/10 * * * *", overlap="allow"))
        await scheduling.clock.advance(75 * MINUTE)
        assert scheduling.minutes() == [70]


async def test_a_tick_that_has_come_is_fired_whatever_changes_in_that_turn() -> None:
    hourly = cron_step("a", "0 * * * *", overlap="allow")
    async with Scheduling("*/5 * * * *", overlap="allow").running() as scheduling:
        scheduling.clock.call_at(NOON + 300, lambda: swap(scheduling, hourly))
        await scheduling.clock.advance(301)
        assert scheduling.minutes() == [5]
        await scheduling.clock.advance(HOUR)
        assert scheduling.minutes() == [5, 60]


async def test_a_schedule_that_is_gone_stops_and_one_that_is_new_begins() -> None:
    async with Scheduling("* * * * *", overlap="allow").running() as scheduling:
        await scheduling.clock.advance(90)
        swap(scheduling, cron_step("b", "*/2 * * * *"))
        await scheduling.clock.advance(MINUTE)
        assert scheduling.minutes() == [1, 2]
        assert scheduling.store.publications[-1].placements[0].queue.step == "b"
        assert [status.step for status in scheduling.scheduler.schedules()] == ["b"]
        assert await scheduling.scheduler.trigger("b")
        with pytest.raises(UnknownSchedule, match="there are: b"):
            await scheduling.scheduler.trigger("a")


@pytest.mark.parametrize(("catch_up", "minutes"), [("none", [1, 5]), ("last", [1, 4, 5]), ("all", [1, 2, 3, 4, 5])])
async def test_a_schedule_that_comes_back_makes_up_for_what_it_missed(catch_up: str, minutes: list[float]) -> None:
    async with Scheduling("* * * * *", overlap="allow", catchUp=catch_up).running() as scheduling:
        await scheduling.clock.advance(90)
        swap(scheduling)
        await scheduling.clock.advance(3 * MINUTE)
        swap(scheduling, cron_step("a", "* * * * *", overlap="allow", catchUp=catch_up))
        await scheduling.clock.advance(MINUTE)
        assert scheduling.minutes() == minutes


async def test_a_schedule_that_goes_and_comes_back_at_once_fires_each_tick_once() -> None:
    async with Scheduling("* * * * *", overlap="allow", catchUp="all").running() as scheduling:
        await scheduling.clock.advance(90)
        swap(scheduling)
        swap(scheduling, cron_step("a", "* * * * *", overlap="allow", catchUp="all"))
        await scheduling.clock.advance(2 * MINUTE)
        assert scheduling.minutes() == [1, 2, 3]


async def test_a_tick_that_is_being_stored_while_its_schedule_goes_is_stored() -> None:
    class SlowStore(FakeStore):
        stored = anyio.Event()

        async def fire(self, schedule: str, tick: float, publication: Publication | None) -> bool:
            if publication is not None:
                await self.stored.wait()
            return await super().fire(schedule, tick, publication)

    store = SlowStore()
    async with Scheduling("* * * * *", store=store).running() as scheduling:
        await scheduling.clock.advance(MINUTE)
        swap(scheduling)
        await settle()
        store.stored.set()
        await scheduling.clock.advance(5 * MINUTE)
        assert scheduling.minutes() == [1]


async def test_a_scheduler_that_does_not_run_keeps_no_other_catalog() -> None:
    async with Scheduling("* * * * *").running() as scheduling:
        pass
    swap(scheduling, cron_step("b", "* * * * *"))
    assert [status.step for status in scheduling.scheduler.schedules()] == ["a"]
