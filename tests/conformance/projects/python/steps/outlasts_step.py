import asyncio
from typing import Any

from .lib import late, signal

config = {"type": "event", "name": "outlasts", "subscribes": ["outlasts"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    try:
        await ctx.state.get("questions", "may I wait")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await late.work(ctx)
    print("outlasted")
    signal.give("outlasted")
