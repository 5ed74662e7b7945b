"""Writes down the changes that have made it run."""

from typing import Any

config = {
    "name": "PythonWatched",
    "triggers": [
        {"type": "state", "groupId": "python-watched"},
        {"type": "stream", "streamName": "notes", "groupId": "python-watched", "on": ["create", "delete"]},
    ],
}


async def handler(change: Any, ctx: Any) -> None:
    await ctx.state.set("python-seen", ctx.idempotency_key, {"change": change, "trigger": ctx.trigger})
