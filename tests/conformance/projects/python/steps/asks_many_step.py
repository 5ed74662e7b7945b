import asyncio
from typing import Any

config = {"type": "event", "name": "asks_many", "subscribes": ["asks_many"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return await asyncio.gather(*(ctx.state.get("questions", str(number)) for number in range(input)))
