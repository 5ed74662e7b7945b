import asyncio
from typing import Any

arrived = 0
complete = asyncio.Event()
config = {"type": "event", "name": "meets", "subscribes": ["meets"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    global arrived
    arrived += 1
    if arrived == input:
        complete.set()
    await complete.wait()
    return arrived
