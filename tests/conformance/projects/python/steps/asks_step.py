from typing import Any

config = {"type": "event", "name": "asks", "subscribes": ["asks"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return await ctx.state.get("questions", input)
