"""Each line that a type checker must refuse ends with the rules that it breaks."""

from runtime_types import (
    NoticeScoresChange,
    NoticeScoresContext,
    PriceBlockingContext,
    PriceRequest,
    PriceResponse,
    ScoreOrderContext,
    ScoreOrderInput,
    SilentInput,  # reportAttributeAccessIssue
)

silent: SilentInput


async def emits(input: ScoreOrderInput, ctx: ScoreOrderContext) -> None:
    await ctx.emit({"topic": "order.unknown", "data": {}})  # reportArgumentType
    await ctx.emit({"topic": "order.scored", "data": {"score": "high"}})  # reportArgumentType
    await ctx.emit({"topic": "order.scored"})  # reportArgumentType
    await ctx.emit("order.unknown", {})  # reportArgumentType
    await ctx.emit("order.scored", {"points": 1})  # reportArgumentType
    await ctx.emit("order.scored", {"score": 1}, {"delays": 1})  # reportArgumentType


async def input(input: ScoreOrderInput, ctx: ScoreOrderContext) -> None:
    ctx.logger.info(input["orderid"])  # reportGeneralTypeIssues
    total: str = input["total"]  # reportAssignmentType
    ctx.logger.info(total, input["customer"]["mail"])  # reportGeneralTypeIssues
    await ctx.streams.scores.set("all", "a", {"score": "high"})  # reportArgumentType
    await ctx.streams.unknown.get("all", "a")  # reportAttributeAccessIssue


async def change(change: NoticeScoresChange, ctx: NoticeScoresContext) -> None:
    ctx.logger.info(change["id"])  # reportGeneralTypeIssues
    if "streamName" in change:
        ctx.logger.info("score", change["value"]["score"])  # reportOptionalSubscript
        score: str | None = change["value"] and change["value"]["score"]  # reportAssignmentType
        ctx.logger.info(change["operaton"], score)  # reportGeneralTypeIssues


async def kept(input: ScoreOrderInput, ctx: ScoreOrderContext) -> None:
    await ctx.state.set("scored", input["orderId"], 1, {"ifversion": 1})  # reportArgumentType
    await ctx.state.set("last", 1, options={"ttl": "soon"})  # reportArgumentType
    await ctx.state.update("scored", "last", [{"op": "inc"}])  # reportArgumentType
    await ctx.streams.scores.update("all", "a", [{"op": "set", "to": 1}])  # reportArgumentType
    await ctx.stream.write(input["orderId"], 1)  # reportArgumentType


def request(req: PriceRequest, ctx: PriceBlockingContext) -> PriceResponse:
    ctx.emit({"topic": "order.scored", "data": {}})  # reportArgumentType
    place = req.pathParams["place"]  # reportGeneralTypeIssues
    amount = req.body["lines"][0]["price"]  # reportGeneralTypeIssues
    return {"status": 200, "body": {"total": f"{place} {amount}"}}  # reportReturnType


def wrong_status(req: PriceRequest, ctx: PriceBlockingContext) -> PriceResponse:
    return {"status": 201, "body": {"total": 1}}  # reportReturnType


def no_body(req: PriceRequest, ctx: PriceBlockingContext) -> PriceResponse:
    return {"status": 200}  # reportReturnType


def nothing(req: PriceRequest, ctx: PriceBlockingContext) -> PriceResponse:  # reportReturnType
    ctx.logger.info("said nothing")
