from runtime_types import (
    STEP_NAMEContext,
    STEP_NAMERequest,
    STEP_NAMEResponse,
)

config = {
    "type": "api",
    "name": "STEP_NAME",
    "method": "STEP_METHOD",
    "path": "STEP_PATH",
}


async def handler(
    req: STEP_NAMERequest,
    ctx: STEP_NAMEContext,
) -> STEP_NAMEResponse:
    ctx.logger.info("a request", {"path": req.path})

    return {
        "status": 200,
        "body": {"message": "STEP_NAME answers"},
    }
