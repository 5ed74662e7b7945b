import asyncio
import threading
from typing import Any

from .lib.heard import heard, meet


class NotYours(Exception):
    pass


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def can_access(subscription: Any, auth_context: Any) -> Any:
    wanted = auth_context.get("do") if isinstance(auth_context, dict) else None
    if wanted == "give":
        return auth_context.value
    if wanted == "give later":
        return later(auth_context.value)
    if wanted == "give a function":
        return lambda: False
    if wanted == "throw":
        raise NotYours("it is not yours")
    if wanted == "meet":
        await meet(auth_context.count)
        return True
    if wanted == "hang":
        await asyncio.Event().wait()
    return auth_context is None and subscription.groupId == "open" and "id" not in subscription


def on_join(subscription: Any, auth_context: Any) -> None:
    if auth_context and auth_context.get("do") == "hang":
        threading.Event().wait()
    heard.append(["joined", subscription, auth_context])


async def on_leave(subscription: Any, auth_context: Any) -> str:
    heard.append(["left", subscription, auth_context])
    return "nobody reads this"


config = {"name": "gated", "canAccess": can_access, "on_join": on_join, "onLeave": on_leave}
