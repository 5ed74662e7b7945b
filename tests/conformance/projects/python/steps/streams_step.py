import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .lib import latch

tasks: set[asyncio.Task[None]] = set()
config = {"type": "api", "name": "streams", "path": "/streams", "method": "POST", "emits": []}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 201, "headers": {"content-type": req["body"]}, "body": pieces(ctx)}


async def pieces(ctx: Any) -> AsyncIterator[Any]:
    """Asks the core for each piece; some answers are orders."""
    number = 0
    try:
        while True:
            number += 1
            piece = await ctx.state.get("pieces", str(number))
            if piece == "end":
                return
            if piece == "throw":
                raise TypeError("the source has run dry")
            if piece in ("log", "log and end"):
                ctx.logger.info("a line from the body")
                if piece == "log and end":
                    return
            elif piece == "forget":
                ctx.state.set("forgotten", "key", 1)
            elif piece == "leave work":
                tasks.add(asyncio.create_task(work(ctx)))
            else:
                yield piece
    finally:
        print("cleaned up")


async def work(ctx: Any) -> None:
    await latch.released.wait()
    try:
        await ctx.state.set("late", "key", 1)
        latch.outcome.put_nowait("nothing was thrown")
    except Exception as error:
        latch.outcome.put_nowait(f"caught: {error}")
