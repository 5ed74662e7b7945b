from pydantic import BaseModel

from runtime_types import WriteGreetingContext, WriteGreetingInput


class GreetingRequested(BaseModel):
    name: str


config = {
    "type": "event",
    "name": "WriteGreeting",
    "description": "Writes the greeting and keeps it",
    "subscribes": ["greeting.requested"],
    "input": GreetingRequested,
    "flows": ["greetings"],
}


async def handler(input: WriteGreetingInput, ctx: WriteGreetingContext) -> None:
    name = input["name"]
    greeting = {"name": name, "text": f"Hello, {name}!"}

    await ctx.state.set("greetings", name, greeting)
    ctx.logger.info("greeting written", greeting)
