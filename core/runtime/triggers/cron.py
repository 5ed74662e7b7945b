"""Schedules -> events, one a tick, in the queues of their steps."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import anyio
from anyio.lowlevel import checkpoint
from croniter import croniter
from tzlocal import get_localzone

from runtime.catalog import Bound, Catalog
from runtime.config import CronSettings
from runtime.contracts import Clock, CronLock
from runtime.errors import HostCallRefused, StorageFault
from runtime.ids import new_trace_id
from runtime.model import CatchUp, CronTrigger, LogLevel, Overlap, Step, TriggerKind
from runtime.records import Event, Placement, Publication, QueueKey
from runtime.services.bus import Publisher
from runtime.triggers.events import Report

_MAX_COUNTED = 10_000
_DAY = 24 * 3600
# Timers count time that passes, not what the clock says: one that is set, or a machine that slept, is noticed by then.
_LOOK_AGAIN = 60.0
_EARLY = 0.01
_SKEW = 60.0
Schedule = Bound[CronTrigger]


class UnknownSchedule(LookupError):
    """No cron step has this name; the message names those there are."""


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """A schedule as it stands: `next` and `last` are the Unix times of ticks.

    `last` is the newest tick that was fired or passed over, by any instance; None when there was none.
    """

    step: str
    expression: str
    timezone: str
    next: float
    last: float | None


class CronScheduler:
    """Fires the ticks of a catalog's schedules into the bus; whoever consumes their queues runs the steps.

    `busy` tells whether a queue holds anything that is in flight, delayed or waiting.
    """

    def __init__(
        self,
        lock: CronLock,
        bus: Publisher,
        clock: Clock,
        report: Report,
        settings: CronSettings,
        busy: Callable[[QueueKey], bool],
    ) -> None:
        self._lock = lock
        self._bus = bus
        self._clock = clock
        self._report = report
        self._settings = settings
        self._busy = busy
        self._schedules: Mapping[str, Schedule] = {}
        self._statuses: dict[str, ScheduleStatus] = {}

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Keeps the schedules of the catalog until `stop` is set."""
        self._schedules = {schedule.step.name: schedule for schedule in catalog.schedules}
        self._statuses = {name: self._first_status(schedule) for name, schedule in self._schedules.items()}
        async with anyio.create_task_group() as kept:
            for schedule in catalog.schedules:
                kept.start_soon(self._keep, schedule)
            await stop.wait()
            kept.cancel_scope.cancel()

    def schedules(self) -> list[ScheduleStatus]:
        """Every schedule of the catalog, in its order."""
        return list(self._statuses.values())

    async def trigger(self, step_name: str) -> str:
        """Publishes a run of the step at once, whatever `overlap` says, and returns the event's id.

        Raises `UnknownSchedule`, and what the bus raises.
        """
        schedule = self._schedules.get(step_name)
        if schedule is None:
            raise UnknownSchedule(_no_schedule(step_name, sorted(self._schedules)))
        return await self._bus.publish(self._publication(schedule.step))

    async def _keep(self, schedule: Schedule) -> None:
        seen = await self._resume(schedule)
        while True:
            tick = next_tick(schedule.trigger.expression, seen, self._zone(schedule))
            self._note(schedule, upcoming=tick)
            await self._reach(tick)
            await self._fire(schedule, tick)
            seen = await self._make_up(schedule, tick)

    async def _resume(self, schedule: Schedule) -> float:
        """Makes up for what was missed while nothing ran; returns the moment from which ticks count."""
        now, name = self._clock.now(), schedule.step.name
        last = await self._lock.last(name)
        if last is None:
            # The next start is to know from when on ticks were missed.
            await self._lock.fire(name, now, None)
            return now
        if last > now + _SKEW:
            message = f"the newest tick lies ahead, at {self._text(schedule, last)}: was the clock set back?"
            self._report(LogLevel.WARN, f"{message} The schedule rests until then", name, "")
        self._note(schedule, last=self._tick_at(schedule, last))
        return await self._make_up(schedule, last)

    async def _make_up(self, schedule: Schedule, since: float) -> float:
        """Fires what `catchUp` asks for of the ticks between then and now; returns the later of the two."""
        now = self._clock.now()
        for tick in await self._missed(schedule, since, now):
            await self._publish(schedule, tick, self._publication(schedule.step))
        return max(since, now)

    async def _missed(self, schedule: Schedule, since: float, until: float) -> list[float]:
        catch_up = schedule.trigger.catch_up
        most = {CatchUp.NONE: 0, CatchUp.LAST: 1, CatchUp.ALL: self._settings.max_catch_up}[catch_up]
        kept: list[float] = []
        left_out = 0
        if most and since < until:
            for tick in ticks_back(schedule.trigger.expression, until, self._zone(schedule)):
                if tick <= since or left_out == _MAX_COUNTED or (len(kept) == most and catch_up is CatchUp.LAST):
                    break
                if len(kept) < most:
                    kept.append(tick)
                else:
                    left_out += 1
                await checkpoint()
        if left_out:
            count = f"{left_out} or more" if left_out == _MAX_COUNTED else str(left_out)
            message = f"{count} missed ticks are left out, all before {self._text(schedule, kept[-1])}"
            self._report(LogLevel.WARN, f"{message}: cron.maxCatchUp is {most}", schedule.step.name, "")
        return kept[::-1]

    async def _reach(self, moment: float) -> None:
        while (now := self._clock.now()) < moment - _EARLY:
            reached = anyio.Event()
            timer = self._clock.call_at(min(moment, now + _LOOK_AGAIN), reached.set)
            try:
                await reached.wait()
            finally:
                timer.cancel()

    async def _fire(self, schedule: Schedule, tick: float) -> None:
        step = schedule.step
        if schedule.trigger.overlap is not Overlap.SKIP or not self._busy(_queue(step)):
            await self._publish(schedule, tick, self._publication(step))
        elif await self._publish(schedule, tick, None):
            message = f"skipped the tick of {self._text(schedule, tick)}: the run before is not done"
            self._report(LogLevel.WARN, message, step.name, "")

    async def _publish(self, schedule: Schedule, tick: float, publication: Publication | None) -> bool:
        """True when this instance is the one that fired the tick; a fault costs this tick and no later one."""
        try:
            mine = await self._lock.fire(schedule.step.name, tick, publication)
        except (HostCallRefused, StorageFault) as fault:
            message = f"the tick of {self._text(schedule, tick)} is lost: {fault}"
            self._report(LogLevel.ERROR, message, schedule.step.name, "")
            return False
        self._note(schedule, last=tick)
        return mine

    def _publication(self, step: Step) -> Publication:
        now = self._clock.now()
        event = Event(new_trace_id(), topic="", data=b"", trace_id=new_trace_id(), created=now)
        due = now + step.queue.delay if step.queue.delay else 0.0
        # All runs of a fifo step are one group: a run that is to be retried holds back those after it.
        return Publication(event, (Placement(_queue(step), due, step.name if step.queue.fifo else ""),))

    def _first_status(self, schedule: Schedule) -> ScheduleStatus:
        expression, zone = schedule.trigger.expression, self._zone(schedule)
        upcoming = next_tick(expression, self._clock.now(), zone)
        return ScheduleStatus(schedule.step.name, expression, str(zone), upcoming, None)

    def _note(self, schedule: Schedule, *, upcoming: float | None = None, last: float | None = None) -> None:
        status = self._statuses.get(schedule.step.name)
        if status is not None and self._schedules[status.step] is schedule:
            self._statuses[status.step] = replace(
                status,
                next=status.next if upcoming is None else upcoming,
                last=status.last if last is None else last,
            )

    def _zone(self, schedule: Schedule) -> tzinfo:
        return zone_of(schedule.trigger.timezone or self._settings.timezone)

    def _tick_at(self, schedule: Schedule, moment: float) -> float | None:
        """The moment if it is a tick; the first start of a schedule is remembered as well, and is none."""
        newest = next(ticks_back(schedule.trigger.expression, moment, self._zone(schedule)))
        return moment if newest == moment else None

    def _text(self, schedule: Schedule, moment: float) -> str:
        return datetime.fromtimestamp(moment, self._zone(schedule)).isoformat(timespec="seconds")


def _queue(step: Step) -> QueueKey:
    return QueueKey("", step.name, TriggerKind.CRON)


def _no_schedule(name: str, known: list[str]) -> str:
    if not known:
        return f"there is no cron step '{name}', nor any other"
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"there is no cron step '{name}'; " + (
        f"did you mean '{nearest[0]}'?" if nearest else f"there are: {', '.join(known)}"
    )


def next_tick(expression: str, after: float, zone: tzinfo) -> float:
    """The Unix time of the first tick later than `after`.

    A local time that the zone leaves out counts at the end of the gap, one that comes twice counts the first
    time. Where the hour is `*` or `*/n`, every moment counts whose local time matches, and no other.
    """
    since = math.floor(after)
    offset = _offset(zone, since)
    local = since + offset
    every_hour = _is_every_hour(expression)
    back = _turn(zone, since, since - _DAY) if not every_hour and _is_second_pass(zone, since) else None
    if back is not None:
        local = max(local, back + _offset(zone, back - 1) - 1)
    while True:
        tick = int(_wall_times(expression, local).get_next(float)) - offset
        turn = _turn(zone, since, tick)
        if turn is None:
            return float(tick)
        shift = _offset(zone, turn) - offset
        if not every_hour and tick < turn + shift:
            return float(turn)
        offset += shift
        local = turn + offset - 1 + (0 if every_hour else max(0, -shift))
        since = turn


def ticks_back(expression: str, until: float, zone: tzinfo) -> Iterator[float]:
    """The Unix times of the ticks not later than `until`, newest first; the same ticks as those of `next_tick`."""
    since = math.floor(until)
    every_hour = _is_every_hour(expression)
    while True:
        offset = _offset(zone, since)
        tick = int(_wall_times(expression, since + offset + 1).get_prev(float)) - offset
        turn = _turn(zone, since, tick)
        if turn is None:
            if every_hour or not _is_second_pass(zone, tick):
                yield float(tick)
            since = tick - 1
            continue
        gap = offset - _offset(zone, turn - 1)
        left_out = int(_wall_times(expression, turn + offset).get_prev(float)) - offset
        if not every_hour and left_out >= turn - gap:
            yield float(turn)
        since = turn - 1


def zone_of(name: str) -> tzinfo:
    """The zone of that name; the machine's, with its daylight saving, for no name."""
    return ZoneInfo(name) if name else get_localzone()


def _wall_times(expression: str, local: float) -> croniter[float]:
    """The times of the expression on a clock that is never set, around one of them."""
    return croniter(expression, local, second_at_beginning=True)


def _is_every_hour(expression: str) -> bool:
    fields = expression.split()
    return fields[-4].startswith("*") if len(fields) > 1 else expression.lower() == "@hourly"


def _offset(zone: tzinfo, moment: int) -> int:
    """Seconds that the zone's clocks are ahead of UTC."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return round(offset.total_seconds()) if offset is not None else 0


def _is_second_pass(zone: tzinfo, moment: int) -> bool:
    """Whether the clocks show this local time for the second time."""
    return datetime.fromtimestamp(moment, zone).fold == 1


def _turn(zone: tzinfo, start: int, end: int) -> int | None:
    """The first moment of another offset on the way from one moment to the other, or None; backwards, the last one."""
    stride = _DAY if end > start else -_DAY
    while start != end:
        stop = min(start + stride, end) if stride > 0 else max(start + stride, end)
        low, high = min(start, stop), max(start, stop)
        if _offset(zone, low) != _offset(zone, high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, low) else (low, middle)
            return high
        start = stop
    return None
