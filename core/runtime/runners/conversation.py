"""Reading and writing one stream side by side, to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from runtime._gen import runner_pb2 as pb

Read = Callable[[], Awaitable[pb.RunnerFrame | None]]
"""Gives the next frame; None at the end of the stream."""
Write = Callable[[pb.CoreFrame], Awaitable[None]]
"""Sends a frame. Raises `anyio.BrokenResourceError` where the stream is broken."""
_LAST_FRAMES_SECONDS = 1.0
"""How long a stream that can be written no more may still be read: what was sent before it broke counts."""


async def converse(
    read: Callable[[], Awaitable[None]], write: Callable[[], Awaitable[None]], given_up: anyio.Event
) -> None:
    """Returns when `read` has come to the end, when the stream is given up, or soon after `write` found it broken."""
    async with anyio.create_task_group() as tasks:

        async def write_until_broken() -> None:
            await write()
            tasks.cancel_scope.deadline = anyio.current_time() + _LAST_FRAMES_SECONDS

        async def give_up() -> None:
            await given_up.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(write_until_broken)
        tasks.start_soon(give_up)
        await read()
        tasks.cancel_scope.cancel()
