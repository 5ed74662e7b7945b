config = {
    "type": "cron",
    "name": "CountOrders",
    "description": "Says every minute how many orders there are",
    "cron": "* * * * *",
    "flows": ["orders"],
}


async def handler(ctx):
    orders = await ctx.state.get_group("orders")
    ctx.logger.info("orders so far", {"count": len(orders)})
