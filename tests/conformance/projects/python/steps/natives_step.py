from datetime import UTC, datetime
from typing import Any

config = {"type": "event", "name": "natives", "subscribes": ["natives"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    return {
        "absent": None,
        "bytes": bytes([0, 255]),
        "date": datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC),
        "list": (1, 2),
        "large": 2**63,
    }
