from pydantic import BaseModel

from runtime_types import GetGreetingContext, GetGreetingRequest, GetGreetingResponse


class Greeting(BaseModel):
    name: str
    text: str


class NotFound(BaseModel):
    error: str


config = {
    "type": "api",
    "name": "GetGreeting",
    "description": "Shows a greeting",
    "method": "GET",
    "path": "/greetings/:name",
    "responseSchema": {200: Greeting, 404: NotFound},
    "flows": ["greetings"],
}


async def handler(req: GetGreetingRequest, ctx: GetGreetingContext) -> GetGreetingResponse:
    name = req.pathParams["name"]
    greeting = await ctx.state.get("greetings", name)
    if greeting is None:
        return {"status": 404, "body": {"error": f"nobody has greeted {name} yet"}}

    return {"status": 200, "body": greeting}
