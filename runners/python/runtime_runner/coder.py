"""Large values: coded in a thread of their own, so that small invocations beside them go on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while the event loop waits for it; Python's own 5 ms are felt."""

T = TypeVar("T")


class Coder:
    """One thread for all large values: more would only fight for the interpreter."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = ThreadPoolExecutor(1, "coder")

    async def run(self, work: Callable[[], T]) -> T:
        """Runs the work there."""
        return await self._loop.run_in_executor(self._thread, _without_collector, work)


def _without_collector(work: Callable[[], T]) -> T:
    # The collector would walk through a hundred thousand new objects again and again and stop all
    # threads for it, to find cycles that decoded data cannot have.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        if was_enabled:
            gc.enable()
