from pydantic import BaseModel

from runtime_types import WriteGreetingContext, WriteGreetingInput


class GreetingRequested(BaseModel):
    name: str


config = {
    "type": "event",
    "name": "WriteGreeting",
    "description": "Writes the greeting",
    "subscribes": ["greeting.requested"],
    "input": GreetingRequested,
    "emits": ["greeting.written"],
    "flows": ["greetings"],
}


async def handler(input: WriteGreetingInput, ctx: WriteGreetingContext) -> None:
    name = input["name"]

    await ctx.state.update(
        "greetings",
        name,
        [
            {"op": "set", "path": "text", "value": f"Hello, {name}!"},
            {"op": "append", "path": "seenBy", "value": "Python"},
        ],
    )
    await ctx.emit({"topic": "greeting.written", "data": {"name": name}})
    ctx.logger.info("greeting written", {"name": name})
