import asyncio
from typing import Any

from .lib import latch

tasks: set[asyncio.Task[None]] = set()
config = {"type": "event", "name": "leaves_work", "subscribes": ["leaves_work"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    tasks.add(asyncio.create_task(work(ctx)))
    return "left"


async def work(ctx: Any) -> None:
    await latch.released.wait()
    try:
        await ctx.state.set("late", "key", 1)
        latch.outcome.put_nowait("nothing was thrown")
    except Exception as error:
        latch.outcome.put_nowait(f"caught: {error}")
    await asyncio.Event().wait()
