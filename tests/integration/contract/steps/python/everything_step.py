"""One route for each row of the context's table; the other languages have the same under their own names."""

import asyncio
from pathlib import Path
from typing import Any

from motia import HttpError

config = {
    "type": "api",
    "name": "PythonEverything",
    "method": "POST",
    "path": "/python/:what",
    "emits": ["python.heard", "python.hopeless"],
    "flows": ["contract", "python"],
    "includeFiles": ["../assets/*.txt"],
}


async def context(req: Any, ctx: Any) -> Any:
    assert ctx["logger"] is ctx.logger
    assert ctx.traceId == ctx.trace_id
    assert ctx.utils.dates.now().tzinfo is not None
    return {
        "traceId": ctx.trace_id,
        "flows": ctx.flows,
        "trigger": ctx.trigger,
        "attempt": ctx.attempt,
        "aborted": ctx.cancelled,
        "hasKey": ctx.idempotency_key is not None,
    }


async def emits(req: Any, ctx: Any) -> Any:
    first = await ctx.emit({"topic": "python.heard", "data": {"form": "map"}})
    second = await ctx.emit("python.heard", {"form": "words"}, {"idempotencyKey": "python-words"})
    again = await ctx.emit("python.heard", {"form": "words"}, {"idempotencyKey": "python-words"})
    return {"texts": isinstance(first, str) and isinstance(second, str), "same": second == again}


async def leaves(req: Any, ctx: Any) -> Any:
    ctx.emit({"topic": "python.heard", "data": {"form": "left"}})
    ctx.state.set("python", "left", True)
    return {}


async def state(req: Any, ctx: Any) -> Any:
    group, state = "python-state", ctx.state
    seen = [await state.get(group, "absent"), await state.set(group, "b", {"n": 1}), await state.set(group, "a", 2)]
    seen += [await state.get_group(group), await state.keys(group), await state.get(group, "b")]
    seen += [await state.update(group, "b", [{"op": "increment", "path": "n", "value": 4}])]
    seen += [await state.delete(group, "a"), await state.delete(group, "a")]
    await state.clear(group)
    return [*seen, await state.getGroup(group), await state.set("python-alone", 7), await state.get("python-alone")]


async def streams(req: Any, ctx: Any) -> Any:
    notes = ctx.streams["notes"]
    made = await ctx.streams.notes.set("python", "one", {"text": "a"})
    changed = await notes.update("python", "one", [{"op": "set", "path": "text", "value": "b"}])
    await notes.send({"groupId": "python"}, {"type": "ping", "data": {}})
    items = await notes.get_group("python")
    gone = await notes.delete("python", "one")
    return [made.text, changed["text"], len(items), gone.id, await notes.get("python", "one")]


async def logs(req: Any, ctx: Any) -> Any:
    for level in ("debug", "info", "warn", "error"):
        getattr(ctx.logger, level)(f"python {level}", {"level": level})
    return {}


async def file(req: Any, ctx: Any) -> Any:
    return await asyncio.to_thread((Path(__file__).parent / "../assets/note.txt").read_text)


async def refuses(req: Any, ctx: Any) -> Any:
    raise HttpError(418, {"error": "a teapot", "for": req.body.who})


async def hopeless(req: Any, ctx: Any) -> Any:
    return await ctx.emit({"topic": "python.hopeless", "data": {}})


TASKS = {task.__name__: task for task in (context, emits, leaves, state, streams, logs, file, refuses, hopeless)}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 200, "body": {"result": await TASKS[req.pathParams.what](req, ctx)}}
