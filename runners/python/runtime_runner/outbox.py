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
Buffer = bytes | memoryview
Carrier = pb.Result | pb.HostCall | pb.CallReply
Wanted = Callable[[], bool]


def _always() -> bool:
    return True


class Transfer:
    """A payload that goes out in pieces, and the envelope that follows the last of them."""

    __slots__ = ("_id", "_payload", "_sent", "envelope", "is_wanted")

    after = 0
    """Waits for no envelope."""

    def __init__(self, id: int, payload: bytes, envelope: bytes, is_wanted: Wanted) -> None:
        self.envelope = envelope
        self.is_wanted = is_wanted
        self._id = id
        self._payload = payload
        self._sent = 0

    @property
    def has_more(self) -> bool:
        """True while there are pieces to send."""
        return self._sent < len(self._payload)

    def give_up(self) -> tuple[int, pb.Chunk | None]:
        """How many bytes will not be sent, and what tells the core so; None when it has heard of none."""
        left = len(self._payload) - self._sent + len(self.envelope)
        if not self._sent:
            return left, None
        failure = pb.Failure(kind=pb.FAILURE_KIND_CANCELLED, message="The run that sends this has ended.")
        return left, pb.Chunk(transfer=self._id, aborted=failure)

    def next_chunk(self, size: int) -> pb.Chunk:
        """The next piece, at most so long."""
        chunk = pb.Chunk(transfer=self._id, expected_bytes=0 if self._sent else len(self._payload))
        chunk.data = self._payload[self._sent : self._sent + size]
        self._sent += len(chunk.data)
        chunk.last = not self.has_more
        return chunk


class BodyTransfer:
    """A body that goes out as it is produced; what has not been sent yet waits here."""

    __slots__ = ("_end", "_waiting", "after", "id", "in_line")

    def __init__(self, id: int) -> None:
        self.after = 0
        """How many small envelopes must have gone out before its next piece may."""
        self.in_line = False
        """True while it waits for its turn."""
        self.id = id
        self._waiting = bytearray()
        self._end: pb.Chunk | None = None

    @property
    def has_more(self) -> bool:
        """True while there are pieces to send."""
        return bool(self._waiting) or self._end is not None

    def add(self, data: Buffer) -> None:
        """Takes the next bytes."""
        self._waiting += data

    def end(self, failure: pb.Failure | None) -> None:
        """Ends the body behind what waits; with a failure it is given up."""
        self._end = pb.Chunk(transfer=self.id, last=failure is None, aborted=failure)

    def next_chunk(self, size: int) -> pb.Chunk:
        """The next piece, at most so long; the end comes with the last bytes, a failure behind them."""
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        chunk = pb.Chunk(transfer=self.id)
        if self._end is not None and not self._waiting and not (data and self._end.HasField("aborted")):
            chunk, self._end = self._end, None
        chunk.data = data
        return chunk


class Outbox:
    """Holds encoded envelopes until the stream takes them. Used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._put = 0
        """Small envelopes that have come so far."""
        self._taken = 0
        """Those of them that have gone out."""
        self._transfers: deque[Transfer | BodyTransfer] = deque()
        self._next_transfer = 1
        self._queued_bytes = 0
        self._chunks_waited = False
        self._limits = pb.Limits(chunk_bytes=64 << 10, max_queued_bytes=1 << 20)
        self._wake: asyncio.Future[None] | None = None
        self._on_room: deque[Callable[[], None]] = deque()
        self.closed = False
        self._last: pb.RunnerEnvelope | None = None

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
        self._enter(data)
        self._grow(len(data))

    def carry(self, envelope: pb.RunnerEnvelope, carrier: Carrier, payload: bytes, is_wanted: Wanted = _always) -> None:
        """Queues an envelope with its payload, as a transfer when that is long.

        `carrier` is the message inside the envelope that has the payload's fields. A transfer is given up when
        `is_wanted` says no before its last chunk.
        """
        if len(payload) <= self._limits.chunk_bytes:
            carrier.payload = payload
            self.put(envelope)
            return
        carrier.payload_transfer = self._next_transfer
        data = envelope.SerializeToString()
        self._transfers.append(Transfer(self._next_transfer, payload, data, is_wanted))
        self._next_transfer += 1
        self._grow(len(data) + len(payload))

    def begin_body(self, envelope: pb.RunnerEnvelope) -> BodyTransfer:
        """Queues a result whose body follows it as a transfer."""
        body = BodyTransfer(self._next_transfer)
        self._next_transfer += 1
        envelope.result.body_transfer = body.id
        self.put(envelope)
        body.after = self._put
        return body

    def add_to_body(self, body: BodyTransfer, data: Buffer) -> None:
        """Queues the next bytes of a body."""
        body.add(data)
        self._line_up(body)
        self._grow(len(data))

    def end_body(self, body: BodyTransfer, failure: pb.Failure | None) -> None:
        """Queues the end of a body behind all small envelopes that wait: the log lines of its run are among them."""
        body.end(failure)
        body.after = self._put
        self._line_up(body)
        self._stir()

    def when_room(self, callback: Callable[[], None]) -> None:
        """Calls back once, as soon as the outbox is not full."""
        self._on_room.append(callback)

    async def room(self) -> None:
        """Waits until the outbox is not full."""
        while self.full:
            freed = asyncio.get_running_loop().create_future()
            self.when_room(lambda freed=freed: freed.done() or freed.set_result(None))  # type: ignore[misc]
            await freed

    def close(self, last: pb.RunnerEnvelope | None = None) -> None:
        """Lets `run` return when everything queued, and then the last envelope, has been written.

        Nothing may be put afterwards.
        """
        self.closed = True
        self._last = last
        self._stir()

    async def run(self, write: Write) -> None:
        """Writes frames until `close`. What `write` raises comes through."""
        while True:
            if self._waiting or self._transfers:
                await write(self._next_frame())
                self._call_producers()
            elif self._last is not None:
                self.put(self._last)
                self._last = None
            elif self.closed:
                return
            else:
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
                self._wake = None
                # One more turn of the loop: whatever this turn still queues leaves in the same frame.
                await asyncio.sleep(0)

    def _enter(self, data: bytes) -> None:
        self._waiting.append(data)
        self._put += 1

    def _line_up(self, body: BodyTransfer) -> None:
        if not body.in_line:
            body.in_line = True
            self._transfers.append(body)

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
        takes_chunks = not self._waiting or (self._chunks_waited and any(map(self._may_go, self._transfers)))
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
        self._taken += count

    def _may_go(self, transfer: Transfer | BodyTransfer) -> bool:
        return transfer.after <= self._taken

    def _take_chunks(self) -> Iterator[bytes]:
        """Takes a chunk each from the transfers that have waited longest and puts them at the end of the line."""
        room = MAX_FRAME_CHUNK_BYTES
        for _ in range(len(self._transfers)):
            if room <= 0:
                return
            transfer = self._transfers.popleft()
            if not self._may_go(transfer):
                self._transfers.append(transfer)
                continue
            chunk = self._next_chunk_of(transfer)
            if chunk is not None:
                room -= len(chunk.data)
                yield pb.RunnerEnvelope(chunk=chunk).SerializeToString()

    def _next_chunk_of(self, transfer: Transfer | BodyTransfer) -> pb.Chunk | None:
        """The next piece of a transfer whose turn it is; None when it is given up before its first."""
        if isinstance(transfer, Transfer) and not transfer.is_wanted():
            left, last_words = transfer.give_up()
            self._queued_bytes -= left
            return last_words
        chunk = transfer.next_chunk(self._limits.chunk_bytes)
        self._queued_bytes -= len(chunk.data)
        if transfer.has_more:
            self._transfers.append(transfer)
        elif isinstance(transfer, BodyTransfer):
            transfer.in_line = False
        else:
            # Behind everything queued: a result must not overtake the logs of its run.
            self._enter(transfer.envelope)
        return chunk


def _header(size: int) -> bytes:
    # A `RunnerFrame` on the wire is its envelopes one after the other, each behind the tag of field
    # 1 and its size; joining them spares building and copying the message.
    header = bytearray(b"\x0a")
    while size > 0x7F:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    header.append(size)
    return bytes(header)
