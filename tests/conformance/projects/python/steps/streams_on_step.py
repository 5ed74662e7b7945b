import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .lib import signal

config = {"type": "api", "name": "streams_on", "path": "/streams_on", "method": "POST", "emits": []}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 200, "body": stubborn() if req["body"] == "stubborn" else polite()}


async def polite() -> AsyncIterator[str]:
    try:
        yield "begun"
        await asyncio.Event().wait()
    finally:
        signal.give("cleaned up")


async def stubborn() -> AsyncIterator[str]:
    yield "begun"
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
