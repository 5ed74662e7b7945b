from typing import Any

from .lib import odd

config = {"type": "event", "name": "emits_odd", "subscribes": ["emits_odd"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    data = odd.unsendable(input) if input in odd.VALUES else odd.nested(input)
    try:
        return await ctx.emit({"topic": "letters", "data": data})
    except Exception as error:
        return f"caught: {error}"
