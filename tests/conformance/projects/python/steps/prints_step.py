import sys
from typing import Any

config = {"type": "event", "name": "prints", "subscribes": ["prints"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    for stream, text in input:
        print(text, end="", file=streams[stream])
