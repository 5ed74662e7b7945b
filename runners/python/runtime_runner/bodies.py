"""Response bodies that go out as they are produced (proto/PROTOCOL.md §9)."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from runtime_runner import pieces
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.outbox import BodyTransfer, Outbox

MAPS = (dict, Mapping)
PLAIN = (dict, str, list, bytes, type(None), int, float, tuple)
"""What is no producer, to be told at once."""
TURN_SECONDS = 0.0005
"""How long pieces that are there at once may keep the event loop from everybody else."""
END: Final = object()

InThread = Callable[..., Awaitable[Any]]


class Producer:
    """What a handler gave as its body: an iterator, asynchronous or plain."""

    def __init__(self, body: Any, in_thread: InThread) -> None:
        """`in_thread` calls a function on a handler's thread, where plain iterators run."""
        self._is_plain = not hasattr(type(body), "__aiter__") and not hasattr(type(body), "__anext__")
        self._pieces = aiter(body) if hasattr(type(body), "__aiter__") else body
        self._in_thread = in_thread
        self._context = contextvars.copy_context()

    async def next(self) -> Any:
        """The next piece, END behind the last."""
        if self._is_plain:
            return await self._in_thread(self._context.run, next, self._pieces, END)
        try:
            return await self._pieces.__anext__()
        except StopAsyncIteration:
            return END

    async def close(self) -> None:
        """Ends the production where it stands, so that its `finally` runs."""
        close = getattr(self._pieces, "close" if self._is_plain else "aclose", None)
        if close is None:
            return
        if self._is_plain:
            await self._in_thread(self._context.run, close)
        else:
            await close()


class OutgoingBody:
    """A body under way."""

    def __init__(self, outbox: Outbox, transfer: BodyTransfer, window: int) -> None:
        self.transfer = transfer
        self._outbox = outbox
        self._window = window
        self._opened: asyncio.Future[None] | None = None

    async def write(self, data: bytes) -> None:
        """Sends the bytes, as the window and the outbox have room for them."""
        rest = memoryview(data)
        while rest:
            while not self._window:
                self._opened = asyncio.get_running_loop().create_future()
                await self._opened
            if self._outbox.full:
                await self._outbox.room()
            part, rest = rest[: self._window], rest[self._window :]
            self._window -= len(part)
            self._outbox.add_to_body(self.transfer, part)

    def open(self, size: int) -> None:
        """Makes the window so much wider."""
        self._window += size
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)


class Bodies:
    """The bodies that are under way."""

    def __init__(self, outbox: Outbox, welcome: pb.Welcome) -> None:
        self._outbox = outbox
        self._limits = welcome.limits
        self._are_agreed_on = pb.FEATURE_STREAMED_BODIES in welcome.features
        self._open: dict[int, OutgoingBody] = {}
        self.count = 0
        """How many are under way."""

    @property
    def full(self) -> bool:
        """True when no further body may begin."""
        return self.count >= self._limits.max_bodies

    def takes(self, returned: Any) -> bool:
        """True for a response whose body is still to be produced."""
        body = returned.get("body") if isinstance(returned, MAPS) else None
        return not isinstance(body, PLAIN) and self._are_agreed_on and _is_producer(type(body))

    def begin(self, result: pb.RunnerEnvelope) -> OutgoingBody:
        """Sends the result; the body goes on after it."""
        transfer = self._outbox.begin_body(result)
        body = self._open[transfer.id] = OutgoingBody(self._outbox, transfer, self._limits.body_window_bytes)
        self.count += 1
        return body

    def read(self, message: pb.BodyRead) -> None:
        """Lets a body go on; one that has ended is ignored."""
        body = self._open.get(message.transfer)
        if body is not None:
            body.open(message.bytes)

    def end(self, body: OutgoingBody, failure: pb.Failure | None) -> None:
        """Ends the body; with a failure it is given up."""
        del self._open[body.transfer.id]
        self.count -= 1
        self._outbox.end_body(body.transfer, failure)


async def produce(producer: Producer, body: OutgoingBody, is_wanted: Callable[[], bool], *, are_events: bool) -> None:
    """Sends all pieces; raises what the producer raises, `UnsendablePiece`, CancelledError once it is not wanted."""
    loop = asyncio.get_running_loop()
    number, turn_ends = 0, loop.time() + TURN_SECONDS
    while (piece := await producer.next()) is not END:
        if not is_wanted():
            raise asyncio.CancelledError
        number += 1
        data = pieces.encode(piece, number, are_events=are_events)
        await body.write(data)
        if loop.time() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = loop.time() + TURN_SECONDS


def _is_producer(kind: type) -> bool:
    return hasattr(kind, "__anext__") or hasattr(kind, "__aiter__") or hasattr(kind, "__next__")
