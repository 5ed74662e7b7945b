from runtime_types import STEP_NAMEChange, STEP_NAMEContext

config = {
    "type": "stream",
    "name": "STEP_NAME",
    "streamName": "STEP_STREAM",
}


async def handler(change: STEP_NAMEChange, ctx: STEP_NAMEContext) -> None:
    ctx.logger.info(f"{change['operation']} of {change['id']}", {"value": change["value"]})
