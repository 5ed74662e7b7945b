from typing import Any

from .lib import latch

config = {"type": "event", "name": "releases", "subscribes": ["releases"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    latch.released.set()
    return await latch.outcome.get()
