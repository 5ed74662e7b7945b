from typing import Any

from .lib import odd

config = {"type": "event", "name": "nests", "subscribes": ["nests"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return odd.nested(input)
