from typing import Any

from .lib.counter import increment

config = {"type": "event", "name": "shares_one", "subscribes": ["shares_one"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return increment()
