from urllib.parse import quote

from pydantic import BaseModel, Field

from runtime_types import CreateGreetingContext, CreateGreetingRequest, CreateGreetingResponse


class NewGreeting(BaseModel):
    name: str = Field(min_length=1, max_length=100)


class Accepted(BaseModel):
    name: str
    see: str


config = {
    "type": "api",
    "name": "CreateGreeting",
    "description": "Takes a name and lets another step write the greeting",
    "method": "POST",
    "path": "/greetings",
    "bodySchema": NewGreeting,
    "responseSchema": {202: Accepted},
    "emits": ["greeting.requested"],
    "flows": ["greetings"],
}


async def handler(req: CreateGreetingRequest, ctx: CreateGreetingContext) -> CreateGreetingResponse:
    name = req.body["name"]

    await ctx.emit({"topic": "greeting.requested", "data": {"name": name}})
    ctx.logger.info("greeting requested", {"name": name})

    return {"status": 202, "body": {"name": name, "see": f"/greetings/{quote(name, safe='')}"}}
