from typing import Any

config = {"type": "api", "name": "EchoPy", "method": "POST", "path": "/py/echo"}


async def handler(req: Any, ctx: Any) -> dict[str, Any]:
    return {"status": 200, "body": req.body}
