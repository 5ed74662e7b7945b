from typing import Any

from .lib import signal

config = {"type": "api", "name": "mirrors", "path": "/mirrors", "method": "POST", "emits": []}


async def handler(req: Any, ctx: Any) -> Any:
    signal.give("mirroring")
    parts = ("method", "path", "pathParams", "queryParams", "headers", "body", "rawBody")
    return {"status": 200, "body": {part: describe(req[part]) for part in parts}}


def describe(value: Any) -> Any:
    return {"bytes": list(value)} if isinstance(value, bytes) else value
