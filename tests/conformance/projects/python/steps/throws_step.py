import json
from typing import Any

from .lib.stock import OrderRejected, take

config = {"type": "event", "name": "throws", "subscribes": ["throws"], "emits": []}


async def handler(input: Any, ctx: Any) -> None:
    # Through a frame of the standard library, which is not the project's own.
    json.loads("{}", object_hook=reject)


def reject(order: Any) -> None:
    try:
        take("lemons")
    except LookupError as error:
        raise OrderRejected("order 7 is rejected") from error
