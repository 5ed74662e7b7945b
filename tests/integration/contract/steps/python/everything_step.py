"""One route for each row of the context's table; the other languages have the same under their own names."""

import asyncio
from pathlib import Path
from typing import Any

from motia import HttpError, VersionConflict

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


async def entries(req: Any, ctx: Any) -> Any:
    group, state = "python-entries", ctx.state
    none = await state.get_entry(group, "a")
    await state.set(group, "a", {"n": 1}, {"ifVersion": 0, "ttl": 600})
    first = await state.get_entry(group, "a")
    await state.set(group, "a", {"n": 2}, {"ifVersion": first.version})
    second = await state.getEntry(group, "a")
    conflict = False
    try:
        await state.set(group, "a", {"n": 3}, {"ifVersion": first["version"]})
    except VersionConflict:
        conflict = True
    await state.set("python-short", {"n": 4}, {"ttl": 600})
    short = await state.get_entry("python-short")
    newer = second.version > first.version
    return [none, first.value, second.value, newer, conflict, short.value, await state.get(group, "a")]


async def insists(req: Any, ctx: Any) -> Any:
    return await ctx.state.set("python-entries", "b", 1, {"ifVersion": 1})


async def operations(req: Any, ctx: Any) -> Any:
    operations = [
        {"op": "set", "path": "a", "value": {"b": [1]}},
        {"op": "increment", "path": "n", "value": 4},
        {"op": "decrement", "path": "n"},
        {"op": "append", "path": "a.b", "value": 2},
        {"op": "merge", "path": "a", "value": {"c": True}},
        {"op": "set", "path": "gone", "value": 1},
        {"op": "remove", "path": ["gone"]},
    ]
    item = await ctx.streams.notes.update("python-operated", "one", operations)
    shown = {"a": item.a, "n": item.n, "gone": "gone" in item}
    return [await ctx.state.update("python-operated", operations), shown]


async def texts(req: Any, ctx: Any) -> Any:
    for piece in ("a", "bé", "\n", "c"):
        ctx.stream.write("python-text", piece)
    await ctx.stream.write("python-open", "on")
    ctx.stream.close("python-text")
    return {}


async def changes(req: Any, ctx: Any) -> Any:
    await ctx.state.set("python-watched", "k", 1)
    await ctx.state.set("python-watched", "k", {"n": 2})
    await ctx.state.delete("python-watched", "k")
    await ctx.streams.notes.set("python-watched", "i", {"text": "a"})
    await ctx.streams.notes.set("python-watched", "i", {"text": "b"})
    await ctx.streams.notes.delete("python-watched", "i")
    return {}


async def seen(req: Any, ctx: Any) -> Any:
    return await ctx.state.get_group("python-seen")


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


TASKS = {
    task.__name__: task
    for task in (
        *(context, emits, leaves, state, entries, insists, operations, streams, texts, changes, seen),
        *(logs, file, refuses, hopeless),
    )
}


async def handler(req: Any, ctx: Any) -> Any:
    return {"status": 200, "body": {"result": await TASKS[req.pathParams.what](req, ctx)}}
