from typing import Any

config = {"type": "event", "name": "prints", "subscribes": ["prints"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    print(input, flush=True)
