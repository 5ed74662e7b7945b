"""Which values end by themselves, and when."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence

_MAX_STALE = 1000
_Name = tuple[str, str]
_End = tuple[float, int, _Name]
"""When, a number of its own, and whose."""


class Ends:
    """The values that end, with the next one at hand; what no longer counts is passed over when its turn comes."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._ends: dict[_Name, _End] = {}
        self._heap: list[_End] = []

    def put(self, name: _Name, until: float) -> None:
        """Notes when a value ends; 0 for one that stays or is gone."""
        self._ends.pop(name, None)
        if until:
            self._ends[name] = until, next(self._numbers), name
            heapq.heappush(self._heap, self._ends[name])
        if len(self._heap) > 2 * len(self._ends) + _MAX_STALE:
            self._heap = list(self._ends.values())
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """The Unix time of the next end, None when there is none."""
        while self._heap and self._ends.get(self._heap[0][2]) is not self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def before(self, now: float, limit: int) -> Sequence[_Name]:
        """At most so many that end until then, the first of them first."""
        found: list[_End] = []
        while len(found) < limit and (end := self.next()) is not None and end <= now:
            found.append(heapq.heappop(self._heap))
        for entry in found:
            heapq.heappush(self._heap, entry)
        return [name for _, _, name in found]
