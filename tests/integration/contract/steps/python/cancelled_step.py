"""Runs over its time and says that it has heard so."""

import asyncio
from typing import Any

config = {
    "type": "event",
    "name": "PythonCancelled",
    "subscribes": ["cancelled"],
    "infrastructure": {"handler": {"timeout": 0.2}, "queue": {"maxRetries": 0}},
}


async def handler(input: Any, ctx: Any) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await ctx.state.set("cancelled", "python", ctx.cancelled)
        raise
