from typing import Any

VALUES: dict[str, Any] = {
    "function": lambda: None,
    "surrogate": "\ud800",
    "integer": 2**64,
}
config = {"type": "event", "name": "unsendable", "subscribes": ["unsendable"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return {"items": [{}, {"run": VALUES[input]}]}
