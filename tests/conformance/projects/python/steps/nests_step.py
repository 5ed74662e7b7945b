from typing import Any

config = {"type": "event", "name": "nests", "subscribes": ["nests"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    value: list[Any] = []
    if input == "cycle":
        value.append({"self": value})
        return {"loop": value}
    for _ in range(input - 1):
        value = [value]
    return value
