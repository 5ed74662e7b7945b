from typing import Any

config = {"type": "event", "name": "tries", "subscribes": ["tries"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    try:
        await ctx.state.get("questions", input)
    except Exception as error:
        return f"caught: {error}"
    return "nothing was thrown"
