"""Schedules -> events, one a tick, in the queues of their steps."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import anyio
from anyio.lowlevel import checkpoint

from runtime.catalog import Bound, Catalog, schedule_queue
from runtime.config import CronSettings
from runtime.contracts import Clock, CronLock
from runtime.errors import HostCallRefused, StorageFault
from runtime.ids import new_trace_id
from runtime.model import CatchUp, CronTrigger, LogLevel, Overlap
from runtime.records import Event, Placement, Publication, QueueKey
from runtime.services.bus import Publisher
from runtime.services.logs import Report
from runtime.triggers.ticks import next_tick, ticks_back, zone_of

_MAX_COUNTED = 10_000
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
        self._kept: dict[QueueKey, _Kept] = {}
        self._start: Callable[[_Kept], object] | None = None
        """Begins to keep a schedule; None while none is kept."""

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Keeps the schedules of the catalog until `stop` is set."""
        async with anyio.create_task_group() as tasks:
            self._start = lambda kept: tasks.start_soon(self._keep, kept)
            self._kept = {}
            try:
                self.use(catalog)
                await stop.wait()
            finally:
                self._start = None
            tasks.cancel_scope.cancel()

    def use(self, catalog: Catalog) -> None:
        """Keeps the schedules of this catalog from now on.

        One whose times are the same goes on as it is. Ticks of other times count from now; a new schedule begins as
        at a start. Without effect while no schedules are kept.
        """
        if self._start is None:
            return
        before, self._kept = self._kept, {}
        for schedule in catalog.schedules:
            queue = schedule_queue(schedule)
            kept = before.pop(queue, None)
            self._kept[queue] = kept or _Kept(schedule, self._status(schedule))
            if kept is None:
                self._start(self._kept[queue])
            else:
                self._renew(kept, schedule)
        for gone in before.values():
            gone.schedule = None
            gone.woken.set()

    def _renew(self, kept: _Kept, schedule: Schedule) -> None:
        times = kept.times
        kept.schedule = schedule
        if kept.times != times:
            kept.status = self._status(schedule, kept.status.last)
            kept.woken.set()

    def schedules(self) -> list[ScheduleStatus]:
        """Every schedule of the catalog, in its order."""
        return [kept.status for kept in self._kept.values()]

    async def trigger(self, step_name: str) -> str:
        """Publishes a run of the step at once, whatever `overlap` says, and returns the event's id.

        Of several schedules of a step it is the first. Raises `UnknownSchedule`, and what the bus raises.
        """
        schedule = next((kept.schedule for queue, kept in self._kept.items() if queue.step == step_name), None)
        if schedule is None:
            raise UnknownSchedule(_no_schedule(step_name, sorted({queue.step for queue in self._kept})))
        return await self._bus.publish(self._publication(schedule))

    async def _keep(self, kept: _Kept) -> None:
        """Fires tick after tick until the schedule is gone; what the catalog says of it counts from the next on."""
        seen = await self._resume(kept)
        while (schedule := kept.schedule) is not None:
            times = kept.times
            tick = next_tick(schedule.trigger.expression, seen, self._zone(schedule))
            kept.status = replace(kept.status, next=tick)
            while kept.times == times and (now := self._clock.now()) < tick - _EARLY:
                await self._wait(kept, min(tick, now + _LOOK_AGAIN))
            seen = await self._pass(kept, seen, tick)

    async def _wait(self, kept: _Kept, moment: float) -> None:
        """Until the moment, or until the schedule has got other times."""
        kept.woken = anyio.Event()
        timer = self._clock.call_at(moment, kept.woken.set)
        try:
            await kept.woken.wait()
        finally:
            timer.cancel()

    async def _pass(self, kept: _Kept, seen: float, tick: float) -> float:
        """Fires the tick when it has come; returns the moment from which ticks count."""
        schedule, now = kept.schedule, self._clock.now()
        if schedule is None or now < tick - _EARLY:
            return max(seen, now)
        if schedule.trigger.overlap is not Overlap.SKIP or not self._busy(schedule_queue(schedule)):
            await self._publish(kept, schedule, tick, self._publication(schedule))
        elif await self._publish(kept, schedule, tick, None):
            message = f"skipped the tick of {self._text(schedule, tick)}: the run before is not done"
            self._report(LogLevel.WARN, message, schedule.step.name, "")
        return await self._make_up(kept, schedule, tick)

    async def _resume(self, kept: _Kept) -> float:
        """Makes up for what was missed while nothing ran; returns the moment from which ticks count."""
        schedule, now = kept.schedule, self._clock.now()
        if schedule is None:
            return now
        name = _lock_name(schedule)
        last = await self._lock.last(name)
        if last is None:
            # The next start is to know from when on ticks were missed.
            await self._lock.fire(name, now, None)
            return now
        if last > now + _SKEW:
            message = f"the newest tick lies ahead, at {self._text(schedule, last)}: was the clock set back?"
            self._report(LogLevel.WARN, f"{message} The schedule rests until then", schedule.step.name, "")
        kept.status = replace(kept.status, last=self._tick_at(schedule, last))
        return await self._make_up(kept, schedule, last)

    async def _make_up(self, kept: _Kept, schedule: Schedule, since: float) -> float:
        """Fires what `catchUp` asks for of the ticks between then and now; returns the later of the two."""
        now = self._clock.now()
        for tick in await self._missed(schedule, since, now):
            await self._publish(kept, schedule, tick, self._publication(schedule))
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

    async def _publish(self, kept: _Kept, schedule: Schedule, tick: float, publication: Publication | None) -> bool:
        """True when this instance is the one that fired the tick; a fault costs this tick and no later one."""
        try:
            mine = await self._lock.fire(_lock_name(schedule), tick, publication)
        except (HostCallRefused, StorageFault) as fault:
            message = f"the tick of {self._text(schedule, tick)} is lost: {fault}"
            self._report(LogLevel.ERROR, message, schedule.step.name, "")
            return False
        kept.status = replace(kept.status, last=tick)
        return mine

    def _publication(self, schedule: Schedule) -> Publication:
        now, step = self._clock.now(), schedule.step
        event = Event(new_trace_id(), topic="", data=b"", trace=new_trace_id(), created=now)
        due = now + step.queue.delay if step.queue.delay else 0.0
        # All runs of a fifo step are one group: a run that is to be retried holds back those after it.
        return Publication(event, (Placement(schedule_queue(schedule), due, step.name if step.queue.fifo else ""),))

    def _status(self, schedule: Schedule, last: float | None = None) -> ScheduleStatus:
        expression, zone = schedule.trigger.expression, self._zone(schedule)
        upcoming = next_tick(expression, self._clock.now(), zone)
        return ScheduleStatus(schedule.step.name, expression, str(zone), upcoming, last)

    def _zone(self, schedule: Schedule) -> tzinfo:
        return zone_of(schedule.trigger.timezone or self._settings.timezone)

    def _tick_at(self, schedule: Schedule, moment: float) -> float | None:
        """The moment if it is a tick; the first start of a schedule is remembered as well, and is none."""
        newest = next(ticks_back(schedule.trigger.expression, moment, self._zone(schedule)))
        return moment if newest == moment else None

    def _text(self, schedule: Schedule, moment: float) -> str:
        return datetime.fromtimestamp(moment, self._zone(schedule)).isoformat(timespec="seconds")


class _Kept:
    """A schedule that is kept; a changed catalog replaces it, by None where it is gone, and may end its wait."""

    def __init__(self, schedule: Schedule, status: ScheduleStatus) -> None:
        self.schedule: Schedule | None = schedule
        self.status = status
        self.woken = anyio.Event()

    @property
    def times(self) -> tuple[str, str] | None:
        """What decides when the ticks are; None for a schedule that is gone."""
        schedule = self.schedule
        return (schedule.trigger.expression, schedule.trigger.timezone) if schedule is not None else None


def _lock_name(schedule: Schedule) -> str:
    """What the lock knows a schedule by; that of a step's first one is the step's name."""
    queue = schedule_queue(schedule)
    return f"{queue.step}\n{queue.topic}" if queue.topic else queue.step


def _no_schedule(name: str, known: list[str]) -> str:
    if not known:
        return f"there is no cron step '{name}', nor any other"
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"there is no cron step '{name}'; " + (
        f"did you mean '{nearest[0]}'?" if nearest else f"there are: {', '.join(known)}"
    )
