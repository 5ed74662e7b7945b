"""The machine's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from runtime.contracts import Timer


class SystemClock:
    """Tells the time of the machine and calls back on the running event loop."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Calls back at the Unix time `when`, at once if it has passed."""
        return asyncio.get_running_loop().call_later(max(0.0, when - time.time()), callback)
