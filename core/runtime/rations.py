"""How much of what clients cause reaches the log."""

from __future__ import annotations

import asyncio
from collections import deque

_MINUTE = 60.0


class Ration:
    """So many in any minute."""

    def __init__(self, count: int) -> None:
        self._moments: deque[float] = deque(maxlen=count)

    def allows_one(self) -> bool:
        """Takes one, where one is left."""
        now = asyncio.get_running_loop().time()
        if self._moments.maxlen == 0:
            return False
        if len(self._moments) == self._moments.maxlen and now - self._moments[0] < _MINUTE:
            return False
        self._moments.append(now)
        return True
