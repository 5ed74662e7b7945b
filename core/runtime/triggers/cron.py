"""Schedules -> Invocations."""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import anyio
from anyio.abc import TaskGroup
from croniter import croniter
from tzlocal import get_localzone

from runtime.catalog import Bound, Catalog
from runtime.contracts import Clock, CronLock
from runtime.dispatcher import Dispatcher
from runtime.ids import new_trace_id
from runtime.model import CronTrigger, Invocation, LogLevel, TriggerKind
from runtime.triggers.events import Report, describe


class CronScheduler:
    """Runs each schedule of a catalog at its ticks; a run that lasts past the next tick makes that one be skipped."""

    def __init__(self, lock: CronLock, dispatcher: Dispatcher, clock: Clock, report: Report, timezone: str) -> None:
        self._lock = lock
        self._dispatcher = dispatcher
        self._clock = clock
        self._report = report
        self._timezone = timezone

    async def run(self, catalog: Catalog, stop: anyio.Event) -> None:
        """Keeps the schedules until `stop` is set; returns when the runs that began are done."""
        async with anyio.create_task_group() as runs, anyio.create_task_group() as schedules:
            for bound in catalog.schedules:
                schedules.start_soon(self._keep, bound, runs)
            await stop.wait()
            schedules.cancel_scope.cancel()

    async def _keep(self, bound: Bound[CronTrigger], runs: TaskGroup) -> None:
        zone = zone_of(bound.trigger.timezone or self._timezone)
        turn = anyio.Semaphore(1)
        tick = self._clock.now()
        while True:
            # A timer may fire a little early by the clock: the same tick must not come twice.
            tick = next_tick(bound.trigger.expression, max(tick, self._clock.now()), zone)
            await self._reach(tick)
            if turn.value == 0:
                self._report(LogLevel.WARN, "skipped a tick: the run before is not done", bound.step.name, "")
            elif await self._lock.acquire(bound.step.name, tick):
                await turn.acquire()
                runs.start_soon(self._fire, bound, turn)

    async def _reach(self, moment: float) -> None:
        reached = anyio.Event()
        timer = self._clock.call_at(moment, reached.set)
        try:
            await reached.wait()
        finally:
            timer.cancel()

    async def _fire(self, bound: Bound[CronTrigger], turn: anyio.Semaphore) -> None:
        invocation = Invocation(
            step=bound.step,
            kind=TriggerKind.CRON,
            payload=b"",
            trace_id=new_trace_id(),
            source=bound.trigger.expression,
        )
        try:
            outcome = await self._dispatcher.dispatch(invocation)
        finally:
            turn.release()
        if outcome.failure is not None:
            self._report(LogLevel.ERROR, describe(outcome.failure), bound.step.name, invocation.trace_id)


def next_tick(expression: str, after: float, zone: tzinfo) -> float:
    """The Unix time of the first tick later than `after`."""
    start = datetime.fromtimestamp(after, zone)
    return float(croniter(expression, start, second_at_beginning=True).get_next(float))


def zone_of(name: str) -> tzinfo:
    """The zone of that name; the machine's, with its daylight saving, for no name."""
    return ZoneInfo(name) if name else get_localzone()
