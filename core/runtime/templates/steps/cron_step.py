from runtime_types import STEP_NAMEContext

config = {
    "type": "cron",
    "name": "STEP_NAME",
    "cron": "STEP_CRON",
}


async def handler(ctx: STEP_NAMEContext) -> None:
    ctx.logger.info("it is time")
