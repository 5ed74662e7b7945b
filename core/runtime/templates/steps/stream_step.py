from runtime_types import (
    STEP_NAMEChange,
    STEP_NAMEContext,
)

config = {
    "type": "stream",
    "name": "STEP_NAME",
    "streamName": "STEP_STREAM",
}


async def handler(
    change: STEP_NAMEChange,
    ctx: STEP_NAMEContext,
) -> None:
    done = f"{change['operation']} of {change['id']}"
    ctx.logger.info(done, {"value": change["value"]})
