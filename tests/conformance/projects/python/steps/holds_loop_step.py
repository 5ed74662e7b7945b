from pathlib import Path
from typing import Any

config = {"type": "event", "name": "holds_loop", "subscribes": ["holds_loop"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    print("holding", flush=True)
    # A pipe: reading it blocks the whole event loop until the test writes.
    return Path(input).read_text()  # noqa: ASYNC240
