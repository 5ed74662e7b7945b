from typing import Any

from .lib import signal

config = {"type": "event", "name": "signals", "subscribes": ["signals"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    signal.give(input)
