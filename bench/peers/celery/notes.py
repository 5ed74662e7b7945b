"""What the processes of this peer note about their runs, in memory that they share through a file.

A column of numbers for each process, which only that process writes: nobody waits for anybody.
"""

import mmap
import os
import time
from pathlib import Path
from typing import Any

MAX_SAMPLES = 100_000
ACCEPTED, DONE, BEGAN, ENDED, SAMPLES, FIRST = range(6)
COLUMN = FIRST + MAX_SAMPLES
BYTES = 8


def now() -> float:
    """Milliseconds on the clock that handlers of all peers use."""
    return time.monotonic() * 1000


class Notes:
    """The columns of the front (0) and of each worker process (1 and on)."""

    def __init__(self, file: Path, columns: int) -> None:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, columns * COLUMN * BYTES)
        self._numbers = memoryview(mmap.mmap(descriptor, 0)).cast("d")
        self._columns = [column * COLUMN for column in range(columns)]
        os.close(descriptor)

    def request(self) -> None:
        """An order arrives."""
        self._numbers[BEGAN] = self._numbers[BEGAN] or now()

    def accepted(self) -> None:
        """The task of a request is safely kept."""
        self._numbers[ACCEPTED] += 1

    def start(self, column: int, emitted: float) -> None:
        """The handler of a task that was sent at the given time begins."""
        at = self._columns[column]
        samples = int(self._numbers[at + SAMPLES])
        if samples < MAX_SAMPLES:
            self._numbers[at + FIRST + samples] = now() - emitted
            self._numbers[at + SAMPLES] = samples + 1

    def done(self, column: int) -> None:
        """The handler of a task has stored what it had to."""
        at = self._columns[column]
        self._numbers[at + ENDED] = now()
        self._numbers[at + DONE] += 1

    def reset(self) -> None:
        """Forgets everything; nothing may be under way."""
        for at in self._columns:
            self._numbers[at : at + FIRST] = memoryview(bytes(FIRST * BYTES)).cast("d")

    def figures(self) -> dict[str, Any]:
        """What harness/flows.py reads; the lags only when all is done, so that nobody sorts while others work."""
        numbers = self._numbers
        accepted, done = numbers[ACCEPTED], sum(numbers[at + DONE] for at in self._columns)
        ended = max(numbers[at + ENDED] for at in self._columns)
        lags = self._lags() if done and done >= accepted else []
        return {
            "accepted": accepted,
            "done": done,
            "began": numbers[BEGAN] or None,
            "ended": ended or None,
            "lag50": lags[len(lags) // 2] if lags else None,
            "lag99": lags[len(lags) * 99 // 100] if lags else None,
            "chains": 0,
            "chain": None,
        }

    def _lags(self) -> list[float]:
        parts = (self._numbers[at + FIRST : at + FIRST + int(self._numbers[at + SAMPLES])] for at in self._columns)
        return sorted(lag for part in parts for lag in part)
