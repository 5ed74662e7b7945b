"""runners/outbox: what waits goes out, whole and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from runtime._gen import runner_pb2 as pb
from runtime.model import Payload
from runtime.runners.outbox import Outbox
from tests.fakes import settle

CHUNK = 1024
BOUND = 64 * 1024
FRAME_BYTES = 1024 * 1024


class Wire:
    """An outbox and the frames it wrote; each write waits until it is let."""

    def __init__(self, chunk_bytes: int = CHUNK, max_queued_bytes: int = BOUND, early: bool | None = None) -> None:
        """`early` says whether frames may leave at once; None where there is no way to do so."""
        self.outbox = Outbox(chunk_bytes, max_queued_bytes, lambda: None)
        self.frames: list[pb.CoreFrame] = []
        self.permits = asyncio.Semaphore(0)
        self.early = early
        self.offers = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Wire]:
        task = asyncio.ensure_future(self.outbox.run(self._write, None if self.early is None else self._offer))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _write(self, frame: pb.CoreFrame) -> None:
        await self.permits.acquire()
        self.frames.append(frame)

    def _offer(self, frame: pb.CoreFrame) -> bool:
        self.offers += 1
        if self.early:
            self.frames.append(frame)
        return bool(self.early)

    def put(self, id: int, payload: Payload) -> None:
        """Queues a reply, large or not, as its sender would."""
        if isinstance(payload, bytes) and not self.outbox.is_large(payload):
            reply = self.outbox.add(len(payload)).host_reply
            reply.call_id, reply.payload = id, payload
            return

        def fill(envelope: pb.CoreEnvelope, transfer: int) -> None:
            envelope.host_reply.call_id = id
            envelope.host_reply.payload_transfer = transfer

        self.outbox.transfer(payload, fill)

    async def flush(self, frames: int = 10_000) -> None:
        """Lets so many frames out."""
        for _ in range(frames):
            self.permits.release()
        await settle()

    @property
    def envelopes(self) -> list[pb.CoreEnvelope]:
        return [envelope for frame in self.frames for envelope in frame.envelopes]


def payload(id: int, size: int) -> bytes:
    return (id.to_bytes(4, "big") * (size // 4 + 1))[:size]


def in_pieces(whole: bytes, size: int) -> Payload:
    return tuple(whole[at : at + size] for at in range(0, len(whole), size)) if len(whole) > CHUNK else whole


ACTIONS = st.lists(st.none() | st.integers(0, 200) | st.integers(CHUNK - 2, 5 * CHUNK), max_size=40)


@given(ACTIONS)
async def test_everything_arrives_whole_and_small_ones_in_order(actions: list[int | None]) -> None:
    """A number queues a payload of that size, None lets one frame out."""
    wire = Wire()
    async with wire.writing():
        for id, size in enumerate(actions):
            if size is None:
                wire.permits.release()
                for _ in range(4):
                    await checkpoint()
            else:
                wire.put(id, payload(id, size) if size % 2 else in_pieces(payload(id, size), size % 700 + 1))
        await wire.flush(500)
    sent = {id: size for id, size in enumerate(actions) if size is not None}
    order_of_transfers = [id for id, size in sent.items() if size > CHUNK]
    transfers: dict[int, bytearray] = {}
    finished: set[int] = set()
    received: dict[int, bytes] = {}
    small: list[int] = []
    for envelope in wire.envelopes:
        if envelope.WhichOneof("kind") == "chunk":
            chunk = envelope.chunk
            assert 0 < len(chunk.data) <= CHUNK
            size = sent[order_of_transfers[chunk.transfer - 1]]
            assert chunk.expected_bytes == (0 if chunk.transfer in transfers else size)
            assert chunk.transfer not in finished
            transfers.setdefault(chunk.transfer, bytearray()).extend(chunk.data)
            finished |= {chunk.transfer} if chunk.last else set()
            continue
        reply = envelope.host_reply
        assert reply.call_id not in received
        if reply.payload_transfer:
            assert reply.payload_transfer in finished
            received[reply.call_id] = bytes(transfers.pop(reply.payload_transfer))
        else:
            received[reply.call_id] = reply.payload
            small.append(reply.call_id)
    assert received == {id: payload(id, size) for id, size in sent.items()}
    assert small == sorted(small)
    assert transfers == {}


async def test_all_that_waits_leaves_in_one_frame() -> None:
    async with Wire().writing() as wire:
        wire.put(0, b"first")
        await settle()
        for id in range(1, 100):
            wire.put(id, b"x")
        await wire.flush()
        assert [len(frame.envelopes) for frame in wire.frames] == [1, 99]


async def test_nothing_waits_for_more_to_come() -> None:
    async with Wire().writing() as wire:
        await wire.flush(1)
        assert wire.frames == []
        wire.put(0, b"x")
        await settle()
        assert len(wire.frames) == 1


async def test_frames_are_bounded() -> None:
    async with Wire(chunk_bytes=64 * 1024).writing() as wire:
        for id in range(3000):
            wire.put(id, b"")
        for id in range(64):
            wire.put(id, bytes(60_000))
        await wire.flush()
        assert len(wire.envelopes) == 3064
        assert all(len(frame.envelopes) <= 1100 for frame in wire.frames)
        assert all(frame.ByteSize() <= FRAME_BYTES for frame in wire.frames)


async def test_transfers_take_turns() -> None:
    async with Wire().writing() as wire:
        for id in range(3):
            wire.put(id, payload(id, 4 * CHUNK))
        await wire.flush()
        order = [envelope.chunk.transfer for envelope in wire.envelopes if envelope.WhichOneof("kind") == "chunk"]
        assert order == [1, 2, 3] * 4


async def test_a_transfer_does_not_hold_up_what_is_small() -> None:
    async with Wire().writing() as wire:
        wire.put(1, bytes(50 * CHUNK))
        await wire.flush(3)
        wire.put(2, b"small")
        await wire.flush(2)
        assert any(envelope.host_reply.call_id == 2 for envelope in wire.envelopes)


async def test_chunks_and_what_is_small_take_turns_in_frames_of_their_own() -> None:
    async with Wire().writing() as wire:
        for id in range(20):
            wire.put(id, bytes(10 * CHUNK))
        for id in range(20, 40):
            wire.put(id, b"small")
            await wire.flush(2)
        frames = [["chunk" if e.WhichOneof("kind") == "chunk" else "reply" for e in f.envelopes] for f in wire.frames]
        # The next frame is made when the one before it is written, so each reply finds one chunk before it.
        assert frames == [["reply"], ["chunk"]] + [["chunk"], ["reply"]] * 19


async def test_a_payload_of_just_the_chunk_s_size_is_not_large() -> None:
    outbox = Outbox(CHUNK, BOUND, lambda: None)
    assert not outbox.is_large(bytes(CHUNK))
    assert outbox.is_large(bytes(CHUNK + 1))


async def test_a_withdrawn_transfer_ends_with_an_aborted_chunk_once_it_has_begun() -> None:
    async with Wire().writing() as wire:
        transfer = wire.outbox.transfer(bytes(9 * CHUNK), lambda envelope, id: envelope.invoke.SetInParent())
        await wire.flush(1)
        wire.outbox.withdraw(transfer)
        await wire.flush()
        kinds = [envelope.WhichOneof("kind") for envelope in wire.envelopes]
        assert set(kinds) == {"chunk"}
        assert len(kinds) < 9
        assert [envelope.chunk.HasField("aborted") for envelope in wire.envelopes][-2:] == [False, True]
        assert not transfer.sent


async def test_a_transfer_that_is_withdrawn_at_once_leaves_nothing() -> None:
    async with Wire().writing() as wire:
        transfer = wire.outbox.transfer(bytes(2 * CHUNK), lambda envelope, id: envelope.invoke.SetInParent())
        wire.outbox.withdraw(transfer)
        await wire.flush()
        assert wire.envelopes == []


async def test_producers_wait_while_more_than_the_bound_is_queued() -> None:
    async with Wire().writing() as wire:
        wire.put(0, b"first")
        await settle()
        for id in range(1, 66):
            wire.put(id, bytes(CHUNK))
        waiting = asyncio.ensure_future(wire.outbox.room())
        await settle()
        assert not waiting.done()
        await wire.flush()
        async with asyncio.timeout(5):
            await waiting


async def test_at_the_bound_there_is_room() -> None:
    wire = Wire()
    for id in range(BOUND // CHUNK):
        wire.put(id, bytes(CHUNK))
    async with asyncio.timeout(5):
        await wire.outbox.room()


async def test_one_who_fills_the_room_makes_the_others_wait_on() -> None:
    async with Wire().writing() as wire:
        passed: list[int] = []

        async def produce(id: int) -> None:
            await wire.outbox.room()
            passed.append(id)
            wire.put(id, bytes(2 * BOUND))

        wire.put(0, bytes(2 * BOUND))
        producers = [asyncio.ensure_future(produce(id)) for id in range(1, 5)]
        await settle()
        assert passed == []
        await wire.flush(2 * BOUND // CHUNK - BOUND // CHUNK + 1)
        assert passed == [1]
        await wire.flush()
        await asyncio.gather(*producers)
        assert passed == [1, 2, 3, 4]


# ------------------------------------------------------------ frames that leave early


async def test_a_burst_begins_to_leave_before_its_turn_is_over() -> None:
    async with Wire(early=True).writing() as wire:
        await settle()
        for id in range(40):
            wire.put(id, b"x")
        assert [len(frame.envelopes) for frame in wire.frames] == [16, 16]
        await wire.flush()
        assert [each.host_reply.call_id for each in wire.envelopes] == list(range(40))


async def test_where_there_is_no_room_at_once_all_waits_for_its_turn() -> None:
    async with Wire(early=False).writing() as wire:
        await settle()
        for id in range(40):
            wire.put(id, b"x")
        assert wire.frames == []
        assert wire.offers == 1  # not with each of the others again, which would encode the frame as often
        await wire.flush()
        assert [len(frame.envelopes) for frame in wire.frames] == [40]


async def test_nothing_overtakes_a_write_that_is_under_way_or_a_chunk() -> None:
    async with Wire(early=True).writing() as wire:
        wire.put(0, b"x")
        await settle()  # a write has begun, and waits
        for id in range(1, 40):
            wire.put(id, b"x")
        assert wire.frames == []
        await wire.flush()
        wire.put(40, payload(40, 3 * CHUNK))
        for id in range(41, 80):
            wire.put(id, b"x")
        await wire.flush()
        small = [each.host_reply.call_id for each in wire.envelopes if each.host_reply.payload]
    assert small == [*range(40), *range(41, 80)]
