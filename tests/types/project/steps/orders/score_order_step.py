from pydantic import BaseModel

from runtime_types import ScoreOrderContext, ScoreOrderInput, SetOptions


class Customer(BaseModel):
    name: str


class OrderCreated(BaseModel):
    orderId: str
    total: float
    customer: Customer


config = {
    "type": "event",
    "name": "ScoreOrder",
    "subscribes": ["order.created"],
    "input": OrderCreated,
    "emits": ["order.scored"],
}


async def handler(input: ScoreOrderInput, ctx: ScoreOrderContext) -> None:
    score = input["total"] / 100 + len(input["customer"]["name"])
    await ctx.emit({"topic": "order.scored", "data": {"score": score}, "idempotencyKey": input["orderId"]})
    await ctx.emit("order.scored", {"score": score}, {"delay": 5})
    known = await ctx.streams.scores.get("all", input["orderId"])
    if known is None:
        await ctx.streams["scores"].set("all", input["orderId"], {"score": score, "first-name": "Ann"})
    entry = await ctx.state.get_entry("scored", input["orderId"])
    options: SetOptions = {"ttl": 60, "ifVersion": entry.version if entry else 0}
    await ctx.state.set("scored", input["orderId"], score, options)
    await ctx.state.set("last", {"score": score}, {"ttl": 0.5})
    await ctx.state.set("last", score, options={"ifVersion": 0})
    await ctx.state.set("last", score, ttl=60)
    await ctx.state.set("scored", input["orderId"], score, if_version=entry.version if entry else 0)
    await ctx.state.update("count", [{"op": "increment"}])
    await ctx.streams.scores.update("all", input["orderId"], [{"op": "remove", "path": ["first-name"]}])
    await ctx.stream.write(input["orderId"], "scored")
    await ctx.stream.close(input["orderId"])
    ctx.logger.info("scored", {"at": ctx.utils.dates.now(), "attempt": ctx.attempt})
