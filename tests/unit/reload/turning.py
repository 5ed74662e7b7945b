"""The event loop's clock in a test's hand, and waiting by turns of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from anyio.lowlevel import checkpoint

_TURNS = 40
"""More than the longest chain of tasks that wake each other in these tests; nothing here uses threads."""


class LoopTime:
    """What the event loop takes for the time; it stands still until a test moves it."""

    def __init__(self, now: float) -> None:
        self._now = now

    def __call__(self) -> float:
        return self._now

    async def advance(self, seconds: float) -> None:
        """Moves time on and lets everything happen that follows from it."""
        await turns()
        self._now += seconds
        await turns()


@contextmanager
def standing_time() -> Iterator[LoopTime]:
    """Gives the running loop a clock that stands still."""
    loop = asyncio.get_running_loop()
    time = LoopTime(loop.time())
    own, loop.time = loop.time, time  # type: ignore[method-assign]
    try:
        yield time
    finally:
        loop.time = own  # type: ignore[method-assign]


async def turns() -> None:
    """Lets all that can happen without time happen."""
    for _ in range(_TURNS):
        await checkpoint()
