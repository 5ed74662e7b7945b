import asyncio
from time import perf_counter
from typing import Any

KEYS = 1000

config = {
    "type": "api",
    "name": "CallsPy",
    "method": "POST",
    "path": "/py/calls",
    "infrastructure": {"handler": {"timeout": 120}},
}


async def handler(req: Any, ctx: Any) -> dict[str, Any]:
    """Sets or gets values, so many at once; gives the milliseconds of each and of all together."""
    numbers = iter(range(req.body.times))
    value = req.body.value
    took: list[float] = []

    async def call(key: str) -> None:
        await (ctx.state.get("bench", key) if req.body.call == "get" else ctx.state.set("bench", key, value))

    async def lane() -> None:
        for number in numbers:
            began = perf_counter()
            await call(f"key-{number % KEYS}")
            took.append((perf_counter() - began) * 1000)

    began = perf_counter()
    await asyncio.gather(*(lane() for _ in range(req.body.atOnce)))
    return {"status": 200, "body": {"took": took, "all": (perf_counter() - began) * 1000}}
