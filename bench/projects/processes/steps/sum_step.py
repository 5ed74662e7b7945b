from typing import Any

config = {"type": "api", "name": "Sum", "method": "GET", "path": "/sum"}


def handler(req: Any, ctx: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"sum": sum(number * number for number in range(200_000))}}
