from pathlib import Path
from typing import Any

from .lib import signal

config = {"type": "event", "name": "holds_loop", "subscribes": ["holds_loop"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    signal.give("holding")
    # A pipe: reading it blocks the whole event loop until the test writes.
    return Path(input).read_text()  # noqa: ASYNC240
