"""How slow the processors are: a virtual machine gets less of them when its neighbours are busy, and nothing says so.

What two tenants do on the same hardware is not counted as stolen time. It shows in the processor time that the same
piece of work takes: half as much again for seconds at a time was seen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean
from types import TracebackType

EVERY_SECONDS = 0.05
"""How often is looked; a look takes a fifth of a millisecond."""
MOST = 0.95
"""The share of looks that `Factors.most` holds for."""
_ROUNDS = 1500


def piece_of_work() -> None:
    """The work that is done again and again."""
    held = {}
    for number in range(_ROUNDS):
        held[number % 97] = (number, number)


@dataclass(frozen=True, slots=True)
class Factors:
    """How many times as long as the quickest look those of some time took: in the mean, and `MOST` of them at most."""

    mean: float
    most: float

    def __str__(self) -> str:
        return f"{self.mean:.2f}/{self.most:.2f}"


class Slowness:
    """Looks again and again for the time of its context, in a thread of its own."""

    def __init__(self, work: Callable[[], None] = piece_of_work) -> None:
        self._work = work
        self._quickest = float("inf")
        self._looks: list[float] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slowness", daemon=True)

    def __enter__(self) -> Slowness:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    def factors(self) -> Factors:
        """Of the looks since the last call, of which there must be one."""
        looks, self._looks = sorted(self._looks), []
        return Factors(mean(looks) / self._quickest, looks[int(MOST * (len(looks) - 1))] / self._quickest)

    def look(self) -> None:
        """Does the work, once more than it is timed: what others have left in the caches is not looked for."""
        self._work()
        began = time.thread_time()
        self._work()
        took = time.thread_time() - began
        self._quickest = min(self._quickest, took)
        self._looks.append(took)

    def _run(self) -> None:
        while not self._ending.wait(EVERY_SECONDS):
            self.look()
