"""The same for a plain handler, which looks at `ctx.cancelled`."""

import threading
from typing import Any

config = {
    "type": "event",
    "name": "PythonCancelledPlain",
    "subscribes": ["cancelled"],
    "infrastructure": {"handler": {"timeout": 0.2}, "queue": {"maxRetries": 0}},
}


def handler(input: Any, ctx: Any) -> None:
    pause = threading.Event()
    while not ctx.cancelled:
        pause.wait(0.01)
    ctx.state.set("cancelled", "plain", ctx.cancelled)
