from typing import Any

from motia import VersionConflict

config = {"type": "event", "name": "claims", "subscribes": ["claims"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    entry = await ctx.state.get_entry("shelf", "item")
    try:
        await ctx.state.set("shelf", "item", "mine", {"ttl": 60, "ifVersion": entry.version if entry else 0})
    except VersionConflict as error:
        if input == "catch":
            return f"conflict: {error}"
        raise
    return entry
