import threading
from typing import Any

arrived = 0
complete = threading.Condition()
config = {"type": "event", "name": "blocks", "subscribes": ["blocks"], "emits": []}


def handler(input: Any, ctx: Any) -> Any:
    global arrived
    with complete:
        arrived += 1
        complete.notify_all()
        complete.wait_for(lambda: arrived >= input)
    return arrived
