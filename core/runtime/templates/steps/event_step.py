from runtime_types import (
    STEP_NAMEContext,
    STEP_NAMEInput,
)

config = {
    "type": "event",
    "name": "STEP_NAME",
    "subscribes": ["STEP_TOPIC"],
}


async def handler(
    input: STEP_NAMEInput,
    ctx: STEP_NAMEContext,
) -> None:
    ctx.logger.info("an event", {"input": input})
