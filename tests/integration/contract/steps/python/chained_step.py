"""Middleware: the order, a changed request, a changed response, a caught error, a factory, a short cut."""

from typing import Any


async def catches(req: Any, ctx: Any, next: Any) -> Any:
    try:
        return await next()
    except Exception as error:
        return {"status": 422, "body": {"caught": type(error).__name__, "message": str(error)}}


def marks(name: str) -> Any:
    async def mark(req: Any, ctx: Any, next: Any) -> Any:
        req["marks"] = [*req.get("marks", []), name]
        response = await next()
        return {**response, "headers": {**response.get("headers", {}), f"X-{name}": ctx.trace_id}}

    return mark


def guards(req: Any, ctx: Any, next: Any) -> Any:
    return next() if req.headers.get("authorization") else {"status": 401, "body": {"error": "Unauthorized"}}


config = {
    "type": "api",
    "name": "PythonChained",
    "method": "POST",
    "path": "/python-chained",
    "middleware": [catches, marks("First"), guards, marks("Second")],
}


def handler(req: Any, ctx: Any) -> Any:
    if req.body.get("fail"):
        raise ValueError(req.body.fail)
    return {"status": 200, "body": {"marks": req.marks}, "headers": {"X-Own": "kept"}}
