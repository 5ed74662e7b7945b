from typing import Any

config = {"type": "event", "name": "misnames", "subscribes": ["misnames"], "emits": ["any"]}

NO_TEXT = "a\ud800"


async def handler(input: str, ctx: Any) -> Any:
    tickets = ctx.streams.tickets
    calls = {
        "state group": lambda: ctx.state.get(NO_TEXT, "item"),
        "state key": lambda: ctx.state.set("shelf", NO_TEXT, 1),
        "state keys": lambda: ctx.state.keys(NO_TEXT),
        "stream group": lambda: tickets.get_group(NO_TEXT),
        "stream id": lambda: tickets.set("shelf", NO_TEXT, {}),
        "channel id": lambda: tickets.send({"groupId": "shelf", "id": NO_TEXT}, {"type": "news", "data": 1}),
        "text id": lambda: ctx.stream.write(NO_TEXT, "once"),
        "topic": lambda: ctx.emit(NO_TEXT, 1),
        "option": lambda: ctx.emit("any", 1, {"messageGroupId": NO_TEXT}),
    }
    return await calls[input]()
