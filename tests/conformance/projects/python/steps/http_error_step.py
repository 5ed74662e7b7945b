from typing import Any

from motia import HttpError

config = {"type": "api", "name": "http_error", "path": "/http_error", "method": "POST", "emits": []}


async def handler(req: Any, ctx: Any) -> Any:
    raise HttpError(418, {"error": "a teapot"})
