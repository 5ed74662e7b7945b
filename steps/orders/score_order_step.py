config = {
    "type": "event",
    "name": "ScoreOrder",
    "description": "Sums an order up and says how risky it is",
    "subscribes": ["order.created"],
    "input": {"type": "object", "properties": {"orderId": {"type": "string"}}, "required": ["orderId"]},
    "emits": ["order.scored"],
    "flows": ["orders"],
}


async def handler(input, ctx):
    order = await ctx.state.get("orders", input.orderId)
    total = sum(item["price"] for item in order["items"])
    risk = "high" if total > 1000 else "low"

    score = [{"op": "merge", "value": {"total": total, "risk": risk, "status": "scored"}}]
    await ctx.state.update("orders", order.id, score)
    await ctx.streams.orderBoard.update("today", order.id, score)
    await ctx.emit({"topic": "order.scored", "data": {"orderId": order.id, "total": total, "risk": risk}})
    ctx.logger.info("order scored", {"orderId": order.id, "total": total, "risk": risk})
