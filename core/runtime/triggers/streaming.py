"""Response bodies that are sent as their handlers produce them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio

from runtime.errors import BodyLost
from runtime.model import Body, Failure

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def send_as_produced(body: Body, receive: Receive, send: Send) -> tuple[bool, Failure | None]:
    """Sends each piece as it comes, until the body ends or its client leaves; then nobody is waited for any more.

    Returns whether all of it was sent, and what the body broke off with, None otherwise. A body that broke off is left
    without an end, by which the server knows that it must end the connection, and the client that something is missing.
    """
    failure, is_sent = None, False
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_until_client_leaves, receive, tasks.cancel_scope)
        # Until something is sent of the body, servers keep the head back.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        failure = await _send_pieces(body, send)
        is_sent = failure is None
        tasks.cancel_scope.cancel()
    if is_sent:  # not in there: what the end of a response sets going must not be cancelled
        await send({"type": "http.response.body"})
    return is_sent, failure


async def _send_pieces(body: Body, send: Send) -> Failure | None:
    try:
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except BodyLost as lost:
        return lost.failure
    return None


async def _until_client_leaves(receive: Receive, sending: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    sending.cancel()
