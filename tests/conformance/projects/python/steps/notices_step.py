from typing import Any

config = {
    "name": "notices",
    "triggers": [
        {"type": "state", "groupId": "shelf"},
        {"type": "stream", "streamName": "tickets", "on": ["create", "delete"]},
    ],
    "emits": [],
}


async def handler(change: Any, ctx: Any) -> Any:
    return [change, ctx.trigger.type, ctx.trigger.source]
