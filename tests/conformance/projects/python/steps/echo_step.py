from typing import Any

config = {"type": "event", "name": "echo", "subscribes": ["echo"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return input
