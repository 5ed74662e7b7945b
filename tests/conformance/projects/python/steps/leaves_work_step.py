import asyncio
from typing import Any

from .lib import late

tasks: set[asyncio.Task[None]] = set()
config = {"type": "event", "name": "leaves_work", "subscribes": ["leaves_work"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    tasks.add(asyncio.create_task(work(ctx)))
    return "left"


async def work(ctx: Any) -> None:
    await late.work(ctx)
    await asyncio.Event().wait()
