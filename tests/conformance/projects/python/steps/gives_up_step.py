from typing import Any

from motia import NonRetriableError

config = {"type": "event", "name": "gives_up", "subscribes": ["gives_up"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    raise NonRetriableError("the card is stolen") from ValueError("code 43")
