"""Each line that a type checker must refuse ends with the rules that it breaks."""

from runtime_types import (
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
