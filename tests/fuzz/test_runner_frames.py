"""Whatever comes to the core's end of a runner's connection: it ends that or goes on, and keeps little of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from struct import pack

import anyio
from hypothesis import given
from hypothesis import strategies as st

from runtime.runners.http2.call import READ_AHEAD_BYTES, Call
from runtime.runners.http2.calls import MAX_CALLS
from runtime.runners.http2.frames import HEAD, MAX_FRAME_BYTES, PREFACE, Kind, frame
from runtime.runners.http2.headers import CallFault
from tests.unit.runners.http2.peer import HIGH_WATER, Peer, data, message, peer

STREAMS = st.sampled_from([0, 1, 1, 1, 2, 3, 5, 7, 9, 11, 2**31 - 1])
FLAGS = st.sampled_from([0, 0, 1, 4, 5, 8, 9, 0x20, 0x2D, 0xFF])
NUMBERS = st.sampled_from([0, 1, 5, 1000, 2**16, 2**24, 2**31 - 1, 2**32 - 1])
BODIES = st.one_of(
    st.binary(max_size=30),
    NUMBERS.map(lambda number: pack(">I", number)),
    st.builds(lambda name, value: pack(">HI", name, value), st.integers(0, 7), NUMBERS),
    st.binary(max_size=50).map(message),
    st.sampled_from([5, 8, 16 * 1024]),  # so many zeros, which are messages without content
)
WHOLE = st.tuples(st.sampled_from(Kind), FLAGS, STREAMS, BODIES)
PIECES = st.lists(st.one_of(WHOLE, WHOLE, WHOLE, st.binary(max_size=40)), max_size=30)
ROOM = MAX_CALLS * (READ_AHEAD_BYTES + MAX_FRAME_BYTES)


Piece = bytes | tuple[Kind, int, int, bytes | int]


def written(piece: Piece) -> bytes:
    """Garbage as it is, frames with their heads."""
    if isinstance(piece, bytes):
        return piece
    kind, flags, stream, body = piece
    body = bytes(body) if isinstance(body, int) else body
    return HEAD.pack(len(body) << 8 | kind, flags, stream) + body


async def answer(call: Call) -> None:
    """Reads and writes a call as a link does."""
    with suppress(CallFault, anyio.BrokenResourceError):
        while await call.read() is not None:
            await call.write(bytes(100))


async def feed(client: Peer, stream: bytes, size: int) -> None:
    for start in range(0, len(stream), size):
        if client.transport.over.is_set():
            return
        client.connection.data_received(stream[start : start + size])
        for _ in range(3):
            await asyncio.sleep(0)


@given(PIECES, st.booleans(), st.booleans(), st.integers(1, 20_000))
async def test_any_bytes(pieces: list[Piece], begins_well: bool, reads: bool, size: int) -> None:
    async with peer(answer) as client:
        client.transport.reads = reads
        beginning = PREFACE + frame(Kind.SETTINGS, 0, 0) + client.request() if begins_well else b""
        stream = beginning + b"".join(map(written, pieces))
        await feed(client, stream, max(size, len(stream) // 100))
        assert held(client) <= min(len(stream), ROOM)
        assert client.transport.unread <= HIGH_WATER + MAX_FRAME_BYTES
        client.transport.abort()
        assert client.connections == set()


def held(client: Peer) -> int:
    """Bytes of messages that nobody has read."""
    return sum(len(each) for call in client.calls for each in call._inbox)


async def test_floods_of_everything_that_wants_an_answer() -> None:
    for flood in (frame(Kind.PING, 0, 0, bytes(8)), frame(Kind.SETTINGS, 0, 0), data(1, bytes(16 * 1024))):
        async with peer(answer) as client:
            client.transport.reads = False
            await feed(client, PREFACE + frame(Kind.SETTINGS, 0, 0) + client.request() + flood * 10_000, 50_000)
            assert client.transport.unread <= HIGH_WATER + MAX_FRAME_BYTES
            assert held(client) <= ROOM


async def test_calls_that_are_opened_and_dropped_by_the_thousand() -> None:
    async with peer(answer) as client:
        await client.greet()
        for stream in range(1, 20_000, 2):
            client.connection.data_received(client.request(stream) + frame(Kind.RST_STREAM, 0, stream, bytes(4)))
        assert len(client.calls) <= MAX_CALLS
        for _ in range(3):
            await asyncio.sleep(0)
        client.connection.data_received(client.request(20_001) + data(20_001, message(b"x")))
        for _ in range(3):
            await asyncio.sleep(0)
        assert [flags for _, flags, id, _ in client.all(Kind.DATA) if id == 20_001] == [0]
