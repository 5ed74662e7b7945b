"""The schedules' lock where there is only one instance."""

from __future__ import annotations


class MemoryCronLock:
    """Remembers the newest tick of each schedule."""

    def __init__(self) -> None:
        self._newest: dict[str, float] = {}

    async def acquire(self, schedule: str, tick: float) -> bool:
        """True the first time that a tick is asked for; ticks only go forward."""
        if tick <= self._newest.get(schedule, float("-inf")):
            return False
        self._newest[schedule] = tick
        return True
