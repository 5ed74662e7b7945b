from typing import Any

config = {"type": "event", "name": "big", "subscribes": ["big"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return "x" * input
