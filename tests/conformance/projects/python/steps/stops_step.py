import asyncio
from typing import Any

config = {"type": "event", "name": "stops", "subscribes": ["stops"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    try:
        await ctx.state.get("questions", "may I wait")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "stopped"
