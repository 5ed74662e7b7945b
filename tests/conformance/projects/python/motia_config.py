from typing import Any

from steps.lib import counter  # type: ignore[import-not-found]
from steps.lib.heard import heard  # type: ignore[import-not-found]


class NoEntry(Exception):
    pass


def authenticate(request: Any) -> Any:
    wanted = request.headers.get("x-do")
    if wanted == "nothing":
        return None
    if wanted == "throw":
        raise NoEntry("no entry")
    if wanted == "odd":
        return {"user": {"run": authenticate}}
    if wanted == "big":
        return "x" * int(request.headers["x-size"])
    if wanted == "heard":
        return heard
    return {"headers": request.headers, "url": request.url}


config = {
    "loaded": counter.increment(),
    "nested": {"n": 1, "run": authenticate},
    "app": authenticate,
    "stream_auth": {"authenticate": authenticate},
}
