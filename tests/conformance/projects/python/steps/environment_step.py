import os
from typing import Any

AT_LOAD = sorted(os.environ)
config = {"type": "event", "name": "environment", "subscribes": ["environment"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return {"atLoad": AT_LOAD, "now": sorted(os.environ)}
