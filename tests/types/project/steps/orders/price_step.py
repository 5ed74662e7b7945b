from pydantic import BaseModel

from runtime_types import PriceBlockingContext, PriceRequest, PriceResponse


class Line(BaseModel):
    sku: str
    quantity: int = 1
    note: str | None = None


class Basket(BaseModel):
    lines: list[Line]


class Total(BaseModel):
    total: float


config = {
    "type": "api",
    "name": "Price",
    "path": "/baskets/:id/price",
    "method": "POST",
    "bodySchema": Basket.model_json_schema(),
    "responseSchema": {
        200: Total.model_json_schema(),
        404: {"type": "object", "properties": {"error": {"type": "string"}}},
    },
    "emits": [],
}


def handler(req: PriceRequest, ctx: PriceBlockingContext) -> PriceResponse:
    count = sum(line.get("quantity", 1) for line in req.body["lines"])
    if req.get("body", {})["lines"][0]["sku"] == "none" or req["method"] != "POST":
        return {"status": 404, "body": {"error": f"no basket {req.pathParams['id']}"}}
    last = ctx.streams.scores.get("all", "last")
    return {"status": 200, "body": {"total": count * (last["score"] if last else 1)}}
