"""Writing to a runner: whatever waits when the previous write is done goes out as one frame."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio

from runtime._gen import runner_pb2 as pb
from runtime.model import Payload, length

_FRAME_BYTES = 512 * 1024
_FRAME_ENVELOPES = 1024
_EARLY_ENVELOPES = 16
"""So many leave without waiting for the end of the turn of the loop that adds them: the runner does them meanwhile."""

Offer = Callable[[pb.CoreFrame], bool]
"""Sends a frame in this very moment; False where there is no room for it."""
Fill = Callable[[pb.CoreEnvelope], None]


class Transfer:
    """A payload that goes out in chunks, and the envelope that names it afterwards."""

    def __init__(self, id: int, payload: Payload, fill: Fill) -> None:
        self.id = id
        self.left = length(payload)
        self.begun = False
        self.fill = fill
        self.sent = False
        pieces = (payload,) if isinstance(payload, bytes) else payload
        self._pieces = deque(memoryview(piece) for piece in pieces)

    def take(self, size: int) -> bytes:
        """The next bytes, as many as asked for unless the end comes first."""
        taken: list[memoryview] = []
        while size and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > size:
                self._pieces.appendleft(piece[size:])
                piece = piece[:size]
            taken.append(piece)
            size -= len(piece)
        data = b"".join(taken)
        self.begun = True
        self.left -= len(data)
        return data


class _Waiting:
    """A frame that has not been written, and the payload bytes counted in it."""

    __slots__ = ("frame", "size", "was_offered")

    def __init__(self) -> None:
        self.frame = pb.CoreFrame()
        self.size = 0
        self.was_offered = False


class Outbox:
    """The one writer of a connection. Envelopes are built inside the frame that they leave in."""

    def __init__(self, chunk_bytes: int, max_queued_bytes: int, on_room: Callable[[], None]) -> None:
        self._chunk_bytes = chunk_bytes
        self._on_room = on_room
        self._max_queued_bytes = max_queued_bytes
        self._waiting: deque[_Waiting] = deque([_Waiting()])
        self._queued_bytes = 0
        self._chunks_waited = False
        self._transfers: deque[Transfer] = deque()
        self._transfer_ids = itertools.count(1)
        self._idle_writer: asyncio.Future[None] | None = None
        self._offer: Offer | None = None
        self._is_writing = False
        self._flushed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def full(self) -> bool:
        """True while more than the bound is queued."""
        return self._queued_bytes > self._max_queued_bytes

    def add(self, payload_bytes: int = 0) -> pb.CoreEnvelope:
        """A fresh envelope at the end of the queue; the caller fills it in before anything else runs."""
        first = self._waiting[0]
        if len(first.frame.envelopes) >= _EARLY_ENVELOPES and not first.was_offered:
            self._send_early(first)
        last = self._waiting[-1]
        if last.size + payload_bytes > _FRAME_BYTES or len(last.frame.envelopes) >= _FRAME_ENVELOPES:
            last = _Waiting()
            self._waiting.append(last)
        last.size += payload_bytes
        self._count(payload_bytes)
        self._wake()
        return last.frame.envelopes.add()

    def is_large(self, payload: bytes) -> bool:
        """True for a payload that must travel as a transfer."""
        return len(payload) > self._chunk_bytes

    def transfer(self, payload: Payload, fill: Callable[[pb.CoreEnvelope, int], None]) -> Transfer:
        """Queues a large payload; `fill` gets the envelope that follows it, and the transfer's id."""
        id = next(self._transfer_ids)
        transfer = Transfer(id, payload, lambda envelope: fill(envelope, id))
        self._transfers.append(transfer)
        self._count(transfer.left)
        self._wake()
        return transfer

    def withdraw(self, transfer: Transfer) -> None:
        """Gives up a transfer that is not sent; the runner hears of it if it has got a piece already."""
        self._transfers.remove(transfer)
        self._uncount(transfer.left)
        if transfer.begun:
            chunk = self.add().chunk
            chunk.transfer = transfer.id
            chunk.aborted.kind = pb.FAILURE_KIND_CANCELLED

    def clear(self) -> None:
        """Forgets what was not sent."""
        self._waiting = deque([_Waiting()])
        self._transfers.clear()
        self._uncount(self._queued_bytes)

    async def room(self) -> None:
        """Waits while the outbox is full; of those who wait, each finds what the one before has added."""
        while self.full:
            await self._room.wait()

    async def flushed(self) -> None:
        """Waits until everything that is queued now has been written."""
        self._flushed.clear()
        self._wake()
        await self._flushed.wait()

    async def run(self, write: Callable[[pb.CoreFrame], Awaitable[None]], offer: Offer | None = None) -> None:
        """Writes frames until cancelled, or until `write` raises `anyio.BrokenResourceError`.

        Where frames can be sent at once as well, `offer` does so.
        """
        self._offer = offer
        with suppress(anyio.BrokenResourceError):
            while True:
                frame = self._next_frame()
                if frame is None:
                    self._flushed.set()
                    await self._wait()
                else:
                    self._is_writing = True
                    await write(frame)
                    self._is_writing = False

    def _send_early(self, first: _Waiting) -> None:
        """Sends what waits longest, unless a write or chunks are to come before it.

        Each frame is offered once: to find out that there is no room costs its encoding.
        """
        if self._offer is None or self._is_writing or self._transfers:
            return
        first.was_offered = True
        if not self._offer(first.frame):
            return
        self._waiting.popleft()
        if not self._waiting:
            self._waiting.append(_Waiting())
        self._uncount(first.size)

    def _next_frame(self) -> pb.CoreFrame | None:
        # Not both in one frame: the other side reads a frame when all of it has come, and small
        # envelopes should not wait for chunks.
        takes_chunk = bool(self._transfers) and (self._chunks_waited or not self._waiting[0].frame.envelopes)
        self._chunks_waited = bool(self._transfers) and not takes_chunk
        if takes_chunk:
            return self._next_chunk()
        first = self._waiting.popleft()
        if not self._waiting:
            self._waiting.append(_Waiting())
        self._uncount(first.size)
        return first.frame if first.frame.envelopes else None

    def _next_chunk(self) -> pb.CoreFrame:
        """A frame with the next chunk of the transfer that has waited longest."""
        frame = pb.CoreFrame()
        transfer = self._transfers.popleft()
        chunk = frame.envelopes.add().chunk
        chunk.transfer = transfer.id
        if not transfer.begun:
            chunk.expected_bytes = transfer.left
        chunk.data = transfer.take(self._chunk_bytes)
        self._uncount(len(chunk.data))
        if transfer.left:
            self._transfers.append(transfer)
        else:
            chunk.last = True
            transfer.fill(frame.envelopes.add())
            transfer.sent = True
        return frame

    def _count(self, size: int) -> None:
        self._queued_bytes += size
        if self.full:
            self._room.clear()

    def _uncount(self, size: int) -> None:
        was_full = self.full
        self._queued_bytes -= size
        if was_full and not self.full:
            self._room.set()
            self._on_room()

    async def _wait(self) -> None:
        self._idle_writer = self._loop.create_future()
        await self._idle_writer
        # One more turn of the loop: whatever this turn still queues leaves in the same frame.
        await asyncio.sleep(0)

    def _wake(self) -> None:
        if self._idle_writer is not None:
            if not self._idle_writer.done():
                self._idle_writer.set_result(None)
            self._idle_writer = None
