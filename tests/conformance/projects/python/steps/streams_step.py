import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .lib import late, signal

LINES = 2000  # more than fit in a frame
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
            if piece in ("logs and end", "logs and throw"):
                for _ in range(LINES):
                    ctx.logger.info("a line from the body")
                if piece == "logs and end":
                    return
                raise TypeError("the source has run dry")
            if piece == "log":
                ctx.logger.info("a line from the body")
            elif piece == "forget":
                ctx.state.set("forgotten", "key", 1)
            elif piece == "leave work":
                tasks.add(asyncio.create_task(late.work(ctx)))
            else:
                yield piece
    finally:
        signal.give("cleaned up")
