from typing import Any

config = {"type": "api", "name": "HelloPy", "method": "GET", "path": "/py"}


async def handler(req: Any, ctx: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"message": "hello", "from": "bench", "items": [1, 2, 3]}}
