import asyncio
import contextlib
from typing import Any

config = {"type": "event", "name": "stubborn", "subscribes": ["stubborn"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    with contextlib.suppress(asyncio.CancelledError):
        await ctx.state.get("questions", "may I wait")
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
