from typing import Any


async def outer(req: Any, ctx: Any, next: Any) -> Any:
    return await around("outer", req, next)


async def inner(req: Any, ctx: Any, next: Any) -> Any:
    return await around("inner", req, next)


async def around(name: str, req: Any, next: Any) -> Any:
    req["body"]["seen"].append(name)
    response = await next()
    return None if req["body"].get("silent") else {**response, "body": [*response["body"], name]}


config = {
    "type": "api",
    "name": "wraps",
    "path": "/wraps",
    "method": "POST",
    "emits": [],
    "middleware": [outer, inner],
}


async def handler(req: Any, ctx: Any) -> Any:
    if req["body"].get("throws"):
        raise IndexError("no place behind the middleware")
    return {"status": 200, "body": [*req["body"]["seen"], "handler"]}
