from typing import Any

from steps.lib import counter  # type: ignore[import-not-found]

config = {"type": "event", "name": "shares_two", "subscribes": ["shares_two"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return counter.increment()
