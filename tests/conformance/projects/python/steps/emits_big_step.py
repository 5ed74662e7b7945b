from typing import Any

config = {"type": "event", "name": "emits_big", "subscribes": ["emits_big"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    try:
        return await ctx.emit({"topic": "letters", "data": "x" * input})
    except Exception as error:
        return f"caught: {error}"
