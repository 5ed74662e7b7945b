"""What the hooks of `gated` and the config have to say to each other."""

import asyncio
from typing import Any

heard: list[Any] = []
arrived = 0
complete = asyncio.Event()


async def meet(count: int) -> None:
    """Waits until so many have come."""
    global arrived
    arrived += 1
    if arrived == count:
        complete.set()
    await complete.wait()
