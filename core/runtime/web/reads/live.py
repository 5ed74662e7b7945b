"""Answers that go on for as long as their client reads and there may be more to tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import anyio

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.errors import HostCallRefused, StorageFault
from runtime.web.cut import CutOff
from runtime.web.reads.patience import portions

# What is sent is for this client and now: nobody on the way may keep it, or wait for more of it.
_HEADERS = ((b"cache-control", b"no-store, no-transform"), (b"x-accel-buffering", b"no"))

Message = dict[str, Any]
Wake = Callable[[int], None]
"""Says that there may be more to send, and how many bytes of that wait here for the client."""


class Feed(Protocol):
    """What a live answer is made of."""

    @property
    def content_type(self) -> bytes:
        """The answer's media type."""

    @property
    def ping(self) -> bytes:
        """What is sent to a client for which there is nothing, empty where every byte counts."""

    async def begin(self, wake: Wake) -> None:
        """Calls `wake` from now on whenever there may be more."""

    async def take(self) -> Sequence[bytes] | None:
        """What is to be sent next, in pieces, none when there is nothing yet, None at the end."""

    def end(self) -> None:
        """Calls no more."""


class Live:
    """The answer to one client, an ASGI application; past `max_buffer_bytes` that wait for it, the client is cut off.

    What waits alone behind what is being sent is not counted, whatever its size. One that is cut off, or left when the
    runtime stops, gets no proper end, by which it knows that there is more.
    """

    def __init__(self, feed: Feed, clock: Clock, settings: StreamSettings) -> None:
        self._feed = feed
        self._clock = clock
        self._settings = settings
        self._waiting = 0
        self._taken = 0
        self._is_alone = True
        """Whether what comes next waits alone."""
        self._woken = asyncio.Event()
        self._is_quiet = False
        self._scope = anyio.CancelScope()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends what there is until the feed ends or the client leaves.

        Raises `CutOff` when the client is too slow, and what the feed raises, before anything is sent or later.
        """
        headers = [(b"content-type", self._feed.content_type), *_HEADERS]
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        if scope["method"] == "HEAD":
            await send(start)
        elif not await self._sent_all(start, receive, send):
            return
        await send({"type": "http.response.body"})

    def stop(self) -> None:
        """Ends the answer where it is."""
        self._scope.cancel()

    async def _sent_all(self, start: Message, receive: Any, send: Any) -> bool:
        """True when the client was sent everything, to the end of the feed."""
        fault: Exception | None = None
        is_sent = False
        with self._scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_client_leaves, receive, self._scope)
                try:
                    await self._send_pieces(start, send)
                    is_sent = True
                except (HostCallRefused, StorageFault, CutOff) as error:
                    fault = error
                tasks.cancel_scope.cancel()
        if self._waiting > self._settings.max_buffer_bytes:
            raise CutOff
        if fault is not None:
            raise fault
        return is_sent

    async def _send_pieces(self, start: Message, send: Any) -> None:
        try:
            await self._feed.begin(self._wake)
            await send(start)
            # Until something is sent of the body, servers keep the head back.
            await send({"type": "http.response.body", "body": self._feed.ping, "more_body": True})
            while (pieces := await self._next()) is not None:
                for portion in portions(pieces):
                    await send({"type": "http.response.body", "body": portion, "more_body": True})
        finally:
            self._feed.end()

    async def _next(self) -> Sequence[bytes] | None:
        """Waits for what is to be sent next; called again when that is sent."""
        while True:
            self._waiting -= self._taken
            self._woken.clear()
            self._taken = self._waiting
            self._is_alone = True
            pieces = await self._feed.take()
            if pieces is None or pieces:
                return pieces
            await self._wait()
            if self._is_quiet and self._feed.ping:
                return (self._feed.ping,)

    async def _wait(self) -> None:
        """Returns when there may be more, or when the client has been told nothing for as long as a ping waits."""
        self._is_quiet = False
        timer = self._clock.call_at(self._clock.now() + self._settings.ping_interval, self._ring)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    def _ring(self) -> None:
        self._is_quiet = not self._woken.is_set()
        self._woken.set()

    def _wake(self, size: int) -> None:
        if not self._is_alone:
            self._waiting += size
        self._is_alone = False
        if self._waiting > self._settings.max_buffer_bytes:
            self.stop()
        self._woken.set()


async def _until_client_leaves(receive: Any, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    scope.cancel()
