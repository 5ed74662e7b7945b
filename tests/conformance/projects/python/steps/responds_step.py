from typing import Any

ANSWERS: dict[str, Any] = {
    "text": {"status": 201, "body": "grüße", "headers": {"x-one": "1", "x-many": ["1", "2"]}},
    "bytes": {"status": 200, "body": bytes([0, 255])},
    "none": {"status": 204},
    "map": {"body": {"a": [1, True, None, "ä"]}},
    "list": {"status": 200, "body": []},
    "number": {"status": 200, "body": 7.5},
    "boolean": {"status": 200, "body": False},
    "no map": ["status", 200],
    "a string": "hello",
    "nothing": None,
}
config = {"type": "api", "name": "responds", "path": "/responds", "method": "POST", "emits": []}


async def handler(req: Any, ctx: Any) -> Any:
    return ANSWERS[req["body"]]
