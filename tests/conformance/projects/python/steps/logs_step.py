from typing import Any

config = {"type": "event", "name": "logs", "subscribes": ["logs"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    ctx.logger.debug("one")
    ctx.logger.info("two", {"n": 2})
    ctx.logger.warn("three", [3])
    ctx.logger.error("four", {"run": handler})
    return "x" * input
