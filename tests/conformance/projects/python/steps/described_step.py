from typing import Any


async def check(req: Any, ctx: Any, next: Any) -> Any:
    return await next()


class Order:
    """What Pydantic's models are like."""

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        return {"type": "object", "properties": {"id": {"type": "string"}}}


config = {
    "type": "api",
    "name": "described",
    "path": "/described",
    "method": "POST",
    "emits": ["a.topic", {"topic": "b.topic", "label": "B"}],
    "flows": ["one", "two"],
    "middleware": [check],
    "infrastructure": {"handler": {"timeout": 60}, "onSlow": check},
    "bodySchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    "responseSchema": {200: Order, 404: {"type": "object", "properties": {"error": {"type": "string"}}}},
}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 200, "body": {}}
