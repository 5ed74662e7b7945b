import asyncio
from typing import Any

config = {"type": "event", "name": "gives_way", "subscribes": ["gives_way"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    await ctx.state.get("questions", "may I wait")
    await asyncio.Event().wait()
