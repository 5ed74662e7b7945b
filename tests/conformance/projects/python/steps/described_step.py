from typing import Any


async def check(req: Any, ctx: Any, next: Any) -> Any:
    return await next()


def text(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"}}}


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
    "emits": ["a.topic", {"topic": "b.topic", "label": "B", "schema": text("label")}],
    "flows": ["one", "two"],
    "middleware": [check],
    "infrastructure": {"handler": {"timeout": 60}, "onSlow": check},
    "input": text("line"),
    "bodySchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    "queryParams": [{"name": "page", "description": "which"}, {"name": "size", "schema": text("size")}],
    "pathParams": text("id"),
    "responseSchema": {200: Order, 404: {"type": "object", "properties": {"error": {"type": "string"}}}},
    "triggers": [
        {"type": "event", "topic": "a.topic", "input": text("event")},
        {
            "type": "api",
            "bodySchema": text("body"),
            "queryParams": text("query"),
            "pathParams": text("path"),
            "responseSchema": text("answer"),
            "emits": [{"topic": "c.topic", "schema": Order}],
        },
    ],
}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 200, "body": {}}
