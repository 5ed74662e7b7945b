from runtime_types import UntypedPythonContext, UntypedPythonRequest

config = {"type": "api", "name": "untyped python", "path": "/python", "method": "POST", "emits": ["free.said"]}


async def handler(req: UntypedPythonRequest, ctx: UntypedPythonContext) -> object:
    await ctx.emit({"topic": "free.said", "data": {"text": req.body["text"]}})
    name = req.get("body", {}).get("name")
    return {"status": 200, "body": {"name": name, "page": req.queryParams.get("page")}}
