from runtime_types import (
    STEP_NAMEChange,
    STEP_NAMEContext,
)

config = {
    "type": "state",
    "name": "STEP_NAME",
    "groupId": "STEP_GROUP",
}


async def handler(
    change: STEP_NAMEChange,
    ctx: STEP_NAMEContext,
) -> None:
    done = f"{change['operation']} of {change['key']}"
    ctx.logger.info(done, {"value": change["value"]})
