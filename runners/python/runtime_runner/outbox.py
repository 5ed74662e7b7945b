"""The only writer of the connection: what waits goes out together when the previous write is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from runtime_runner._gen import runner_pb2 as pb

MAX_FRAME_ENVELOPES = 512
MAX_FRAME_BYTES = 1 << 20
MAX_FRAME_CHUNK_BYTES = 64 << 10
"""Bytes of chunks that one frame holds at most, unless a single chunk is longer."""

Write = Callable[[bytes], Awaitable[object]]
Carrier = pb.Result | pb.HostCall


class Transfer:
    """A payload that goes out in pieces, and the envelope that follows the last of them."""

    __slots__ = ("_chunk_bytes", "_payload", "_sent", "envelope", "id")

    def __init__(self, id: int, payload: bytes, chunk_bytes: int, envelope: bytes) -> None:
        self.id = id
        self.envelope = envelope
        self._payload = payload
        self._chunk_bytes = chunk_bytes
        self._sent = 0

    @property
    def size(self) -> int:
        """Bytes of the whole payload."""
        return len(self._payload)

    @property
    def begun(self) -> bool:
        """True when a piece was taken."""
        return self._sent > 0

    @property
    def done(self) -> bool:
        """True when every piece was taken."""
        return self._sent >= len(self._payload)

    def next_piece(self) -> bytes:
        """The next piece."""
        piece = self._payload[self._sent : self._sent + self._chunk_bytes]
        self._sent += len(piece)
        return piece


class Outbox:
    """Holds encoded envelopes until the stream takes them. Used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._transfers: deque[Transfer] = deque()
        self._next_transfer = 1
        self._queued_bytes = 0
        self._chunks_waited = False
        self._limits = pb.Limits(chunk_bytes=64 << 10, max_queued_bytes=1 << 20)
        self._wake: asyncio.Future[None] | None = None
        self._on_room: deque[Callable[[], None]] = deque()
        self.closed = False

    def keep(self, limits: pb.Limits) -> None:
        """Takes over the bounds that the core has set; before, those of a greeting hold."""
        self._limits = limits

    @property
    def full(self) -> bool:
        """True when producers are to wait."""
        return self._queued_bytes >= self._limits.max_queued_bytes

    def put(self, envelope: pb.RunnerEnvelope) -> None:
        """Queues an envelope that needs no transfer."""
        data = envelope.SerializeToString()
        self._waiting.append(data)
        self._grow(len(data))

    def carry(self, envelope: pb.RunnerEnvelope, carrier: Carrier, payload: bytes) -> None:
        """Queues an envelope with its payload, as a transfer when that is long.

        `carrier` is the message inside the envelope that has the payload's fields.
        """
        if len(payload) <= self._limits.chunk_bytes:
            carrier.payload = payload
            self.put(envelope)
            return
        carrier.payload_transfer = self._next_transfer
        data = envelope.SerializeToString()
        self._transfers.append(Transfer(self._next_transfer, payload, self._limits.chunk_bytes, data))
        self._next_transfer += 1
        self._grow(len(data) + len(payload))

    def when_room(self, callback: Callable[[], None]) -> None:
        """Calls back once, as soon as the outbox is not full."""
        self._on_room.append(callback)

    async def room(self) -> None:
        """Waits until the outbox is not full."""
        while self.full:
            freed = asyncio.get_running_loop().create_future()
            self.when_room(lambda freed=freed: freed.done() or freed.set_result(None))  # type: ignore[misc]
            await freed

    def close(self) -> None:
        """Lets `run` return when everything queued has been written; nothing may be put afterwards."""
        self.closed = True
        self._stir()

    async def run(self, write: Write) -> None:
        """Writes frames until `close`. What `write` raises comes through."""
        while True:
            if self._waiting or self._transfers:
                await write(self._next_frame())
                self._call_producers()
            elif self.closed:
                return
            else:
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
                self._wake = None
                # One more turn of the loop: whatever this turn still queues leaves in the same frame.
                await asyncio.sleep(0)

    def _grow(self, size: int) -> None:
        self._queued_bytes += size
        self._stir()

    def _stir(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _call_producers(self) -> None:
        while self._on_room and not self.full:
            self._on_room.popleft()()

    def _next_frame(self) -> bytes:
        # Not both in one frame: the other side reads a frame when all of it has come, and small
        # envelopes should not wait for chunks.
        takes_chunks = bool(self._transfers) and (self._chunks_waited or not self._waiting)
        self._chunks_waited = bool(self._transfers) and not takes_chunks
        parts: list[bytes] = []
        for data in self._take_chunks() if takes_chunks else self._take_small():
            parts += (_header(len(data)), data)
        return b"".join(parts)

    def _take_small(self) -> Iterator[bytes]:
        size = count = 0
        while self._waiting and size < MAX_FRAME_BYTES and count < MAX_FRAME_ENVELOPES:
            data = self._waiting.popleft()
            size += len(data)
            count += 1
            yield data
        self._queued_bytes -= size

    def _take_chunks(self) -> Iterator[bytes]:
        """Takes a chunk each from the transfers that have waited longest and puts them at the end of the line."""
        room = MAX_FRAME_CHUNK_BYTES
        for _ in range(len(self._transfers)):
            if room <= 0:
                return
            transfer = self._transfers.popleft()
            expected_bytes = transfer.size if not transfer.begun else 0
            piece = transfer.next_piece()
            room -= len(piece)
            self._queued_bytes -= len(piece)
            chunk = pb.Chunk(transfer=transfer.id, data=piece, last=transfer.done, expected_bytes=expected_bytes)
            yield pb.RunnerEnvelope(chunk=chunk).SerializeToString()
            if transfer.done:
                # Behind everything queued: a result must not overtake the logs of its run.
                self._waiting.append(transfer.envelope)
            else:
                self._transfers.append(transfer)


def _header(size: int) -> bytes:
    # A `RunnerFrame` on the wire is its envelopes one after the other, each behind the tag of field
    # 1 and its size; joining them spares building and copying the message.
    header = bytearray(b"\x0a")
    while size > 0x7F:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    header.append(size)
    return bytes(header)
