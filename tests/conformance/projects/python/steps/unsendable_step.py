from typing import Any

from .lib import odd

config = {"type": "event", "name": "unsendable", "subscribes": ["unsendable"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return odd.unsendable(input)
