"""The schedules' lock where there is only one instance."""

from __future__ import annotations

from runtime.records import Publication
from runtime.storage.memory.events import MemoryEventBus


class MemoryCronLock:
    """Remembers the newest tick of each schedule."""

    def __init__(self, events: MemoryEventBus) -> None:
        self._events = events
        self._newest: dict[str, float] = {}

    async def fire(self, schedule: str, tick: float, publication: Publication | None) -> bool:
        """True for the first who asks for a tick that is newer than the newest."""
        if tick <= self._newest.get(schedule, float("-inf")):
            return False
        if publication is not None:
            _, enter = self._events.prepare(publication)
            enter()
        self._newest[schedule] = tick
        return True

    async def last(self, schedule: str) -> float | None:
        """The newest tick, None when there was none."""
        return self._newest.get(schedule)
