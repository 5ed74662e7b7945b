"""Removes values of state whose time is over, so that steps which watch them learn of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

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

_Name = tuple[str, str]
"""A group and a key in it."""


def _unheard(group: str, key: str) -> None:
    """Where nobody watches."""


class ExpiryService:
    """Sets a timer for the next end of a value, and removes what has ended.

    Nobody reads a value whose time is over: only its `delete` waits for this.
    """

    def __init__(self, engine: Engine, changes: ChangeService, clock: Clock, report: Report) -> None:
        self.ended: Callable[[str, str], None] = _unheard
        """Hears of each value, by group and key, that is removed."""
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
                due = await self._sweep()
                self._due = math.inf
                if due < math.inf:
                    self._set_timer(due)
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

    async def _sweep(self) -> float:
        """Removes what has ended; returns the Unix time of what is to be done next, infinity when there is nothing."""
        refused: set[_Name] = set()
        try:
            while len(refused) < MAX_REFUSED:
                ended = await self._engine.state.ended(SWEPT_VALUES + len(refused))
                names = [name for name in ended if name not in refused]
                if not names:
                    break
                refused |= await self._remove(names)
            ending = self._engine.state.ending()
        except StorageFault as fault:
            self._fail(f"values whose time is over cannot be removed, tried again: {fault}")
            return self._clock.now() + AGAIN_SECONDS
        self._failing = bool(refused)
        due = math.inf if ending is None else ending
        return max(due, self._clock.now() + AGAIN_SECONDS) if refused else due

    async def _remove(self, names: list[_Name]) -> set[_Name]:
        """Removes values together, or else one by one; returns those that were refused."""
        try:
            await self._engine.commit([self._end_of(name) for name in names])
            for name in names:
                self.ended(*name)
            return set()
        except HostCallRefused as refusal:
            if len(names) == 1:
                self._fail(f"the end of '{names[0][0]}' / '{names[0][1]}' waits to be told: {refusal}")
                return set(names)
        refused: set[_Name] = set()
        for name in names:
            refused |= await self._remove([name])
        return refused

    def _end_of(self, name: _Name) -> StateWrite:
        """A write that changes nothing; a value whose time is over is removed before it."""
        return StateWrite(*name, lambda value: value, follow=self._changes.of_state(*name, ""))

    def _fail(self, message: str) -> None:
        """Says it once, until all is well again."""
        if not self._failing:
            self._report(LogLevel.ERROR, message, "runtime", "")
        self._failing = True
