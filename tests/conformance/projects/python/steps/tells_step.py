from typing import Any

config = {"type": "event", "name": "tells", "subscribes": ["tells"], "emits": []}


async def handler(input: Any, ctx: Any) -> Any:
    for piece in input:
        ctx.stream.write("story", piece)
    ctx.stream.close("story")
    return "told"
