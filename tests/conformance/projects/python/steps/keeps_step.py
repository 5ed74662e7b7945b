from typing import Any

config = {"type": "event", "name": "keeps", "subscribes": ["keeps"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    returned = await ctx.state.set("shelf", "item", input)
    return [returned, await ctx.state.get("shelf", "item")]
