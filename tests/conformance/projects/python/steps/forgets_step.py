from typing import Any

config = {"type": "event", "name": "forgets", "subscribes": ["forgets"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    ctx.emit({"topic": "one", "data": 1})
    ctx.emit({"topic": "two", "data": 2})
    if input:
        raise RuntimeError(input)
    return "done"
