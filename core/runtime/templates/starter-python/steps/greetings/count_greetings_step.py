from runtime_types import CountGreetingsContext

config = {
    "type": "cron",
    "name": "CountGreetings",
    "description": "Says every minute how many greetings there are",
    "cron": "* * * * *",
    "flows": ["greetings"],
}


async def handler(ctx: CountGreetingsContext) -> None:
    names = await ctx.state.keys("greetings")
    ctx.logger.info("greetings so far", {"count": len(names)})
