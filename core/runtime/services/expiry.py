"""Removes values of state whose time is over, so that steps which watch them learn of it."""

from __future__ import annotations

import asyncio
import math

from runtime.contracts import Clock, Engine, Timer
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import LogLevel
from runtime.records import StateWrite
from runtime.services.changes import ChangeService
from runtime.services.logs import Report

SWEPT_VALUES = 64
"""Values that are removed in one transaction."""
AGAIN_SECONDS = 1.0
"""How long after a failure the rest is tried again."""
MAX_REFUSED = 1000
"""Values whose events a full queue has refused, before the others wait as well."""

_Place = tuple[str, str]


class ExpiryService:
    """Sets a timer for the next end of a value, and removes what has ended.

    Nobody reads a value whose time is over: only its `delete` waits for this.
    """

    def __init__(self, engine: Engine, changes: ChangeService, clock: Clock, report: Report) -> None:
        self._engine = engine
        self._changes = changes
        self._clock = clock
        self._report = report
        self._ring = asyncio.Event()
        self._timer: Timer | None = None
        self._due = -math.inf
        """When the timer rings; before everything while none is needed, since all ends are looked at afterwards."""
        self._failing = False

    def expect(self, until: float) -> None:
        """Hears that a value may end at a Unix time."""
        if until < self._due:
            self._set_timer(until)

    async def run(self) -> None:
        """Removes what has ended, first what did while the runtime was down, until it is cancelled.

        To be called when the catalog is in use: what has ended without a watching step is not told later.
        """
        try:
            while True:
                self._ring.clear()
                all_done = await self._sweep()
                ending = self._engine.state.ending()
                due = math.inf if ending is None else ending
                self._due = math.inf
                if due < math.inf:
                    self._set_timer(due if all_done else max(due, self._clock.now() + AGAIN_SECONDS))
                await self._ring.wait()
        finally:
            self._stop_timer()

    def _set_timer(self, due: float) -> None:
        self._stop_timer()
        self._due = due
        self._timer = self._clock.call_at(due, self._rings)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._due = -math.inf

    def _rings(self) -> None:
        self._stop_timer()
        self._ring.set()

    async def _sweep(self) -> bool:
        """Removes what has ended; False when something is left to be tried again."""
        refused: set[_Place] = set()
        try:
            while len(refused) < MAX_REFUSED:
                ended = await self._engine.state.ended(SWEPT_VALUES + len(refused))
                places = [place for place in ended if place not in refused]
                if not places:
                    break
                refused |= await self._remove(places)
        except StorageFault as fault:
            self._fail(f"values whose time is over cannot be removed, tried again: {fault}")
            return False
        self._failing = bool(refused)
        return not refused

    async def _remove(self, places: list[_Place]) -> set[_Place]:
        """Removes values together, or else one by one; returns those that were refused."""
        try:
            await self._engine.commit([self._end_of(place) for place in places])
            return set()
        except HostCallRefused as refusal:
            if len(places) == 1:
                self._fail(f"the end of '{places[0][0]}' / '{places[0][1]}' waits to be told: {refusal}")
                return set(places)
        refused: set[_Place] = set()
        for place in places:
            refused |= await self._remove([place])
        return refused

    def _end_of(self, place: _Place) -> StateWrite:
        """A write that changes nothing; a value whose time is over is removed before it."""
        return StateWrite(*place, lambda value: value, follow=self._changes.of_state(*place, ""))

    def _fail(self, message: str) -> None:
        """Says it once, until all is well again."""
        if not self._failing:
            self._report(LogLevel.ERROR, message, "runtime", "")
        self._failing = True
