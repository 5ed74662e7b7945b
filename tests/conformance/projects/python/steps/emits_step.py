from typing import Any

config = {"type": "event", "name": "emits", "subscribes": ["emits"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return await ctx.emit({"topic": "letters", "data": input})
