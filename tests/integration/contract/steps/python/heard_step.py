"""Writes down what fired and what came with it: several causes run one handler."""

from typing import Any

config = {
    "name": "PythonHeard",
    "triggers": [
        {"type": "event", "topic": "python.heard"},
        {"type": "api", "method": "GET", "path": "/python-heard"},
        {"type": "cron", "cron": "0 0 1 1 *"},
    ],
}


async def handler(*given: Any) -> Any:
    ctx = given[-1]
    trigger = ctx.trigger
    if trigger.type == "api":
        return {"status": 200, "body": await ctx.state.get_group("python-heard")}
    heard = {
        "trigger": trigger,
        "attempt": ctx.attempt,
        "keyed": isinstance(ctx.idempotency_key, str),
        "input": given[0] if trigger.type == "event" else None,
    }
    await ctx.state.set("python-heard", f"{trigger.type}-{ctx.idempotency_key}", heard)
    return None
