"""runners/http2: nobody gets more than has room, in either direction."""

from __future__ import annotations

import asyncio

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.runners.http2 import frames
from runtime.runners.http2.call import READ_AHEAD_BYTES, Call
from runtime.runners.http2.calls import MAX_CALLS
from runtime.runners.http2.frames import Code, Kind, Setting
from runtime.runners.http2.windows import MAX_WINDOW_BYTES
from tests.fakes import settle
from tests.unit.runners.http2.peer import HIGH_WATER, Peer, data, message, peer

LARGE = bytes(range(256)) * 2048  # 512 KiB


def begin(work: asyncio.Future[None] | object) -> asyncio.Task[None]:
    return asyncio.ensure_future(work)  # type: ignore[arg-type]


def sent(client: Peer) -> bytes:
    """What came as DATA, no frame longer than the client allows for."""
    return b"".join(body for _, _, _, body in client.all(Kind.DATA))


def opened(client: Peer, stream: int) -> int:
    """By how much the core has opened a window."""
    return sum(int.from_bytes(body) for _, _, id, body in client.all(Kind.WINDOW_UPDATE) if id == stream)


# ------------------------------------------------------------ what the core sends


async def test_a_message_longer_than_the_window_goes_out_as_the_window_opens() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 100})
        call = await client.call()
        writing = begin(call.write(LARGE[:250]))
        await settle()
        assert sent(client) == message(LARGE[:250])[:100]
        await client.send(frames.window_update(1, 10))
        assert sent(client) == message(LARGE[:250])[100:110]
        assert not writing.done()
        await client.send(frames.window_update(1, 1000))
        assert sent(client) == message(LARGE[:250])[110:]
        assert writing.done()


async def test_a_write_returns_when_there_is_room_for_the_next() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 15})
        call = await client.call()
        writing = begin(call.write(bytes(10)))
        await settle()
        assert sent(client) == message(bytes(10))
        assert not writing.done()
        await client.send(frames.window_update(1, 1))
        assert writing.done()


async def test_an_offer_goes_out_whole_in_as_many_frames_as_it_needs_or_not_at_all() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        assert call.offer(LARGE[:40_000])
        came = client.all(Kind.DATA)
        assert [len(body) for _, _, _, body in came] == [16 * 1024, 16 * 1024, 40_005 - 32 * 1024]
        assert b"".join(body for _, _, _, body in came) == message(LARGE[:40_000])
        assert not call.offer(LARGE[:40_000])
        assert sent(client) == b""
        room = 64 * 1024 - 1 - 40_005
        assert call.offer(LARGE[: room - 5])
        assert sent(client) == message(LARGE[: room - 5])
        assert not call.offer(b"")


async def test_the_window_of_the_connection_holds_for_all_its_calls() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 1 << 20})
        calls = [await client.call(stream) for stream in (1, 3)]
        writing = [begin(call.write(LARGE)) for call in calls]
        await settle()
        assert len(sent(client)) == 64 * 1024 - 1
        await client.send(frames.window_update(0, 2 << 20))
        assert len(sent(client)) == 2 * (len(LARGE) + 5) - (64 * 1024 - 1)
        assert all(each.done() for each in writing)


async def test_frames_are_as_long_as_the_other_side_allows() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 1 << 20})
        call = await client.call()
        await client.send(frames.window_update(0, 1 << 20))
        await call.write(LARGE)
        came = [body for _, _, _, body in client.all(Kind.DATA)]
        assert max(map(len, came)) == 16 * 1024
        assert b"".join(came) == message(LARGE)
        await client.send(frames.settings({Setting.MAX_FRAME_SIZE: 100_000}))
        await call.write(LARGE[:90_000])
        assert [len(body) for _, _, _, body in client.all(Kind.DATA)] == [90_005]


async def test_a_window_may_become_less_than_nothing() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 1000})
        call = await client.call()
        await call.write(bytes(795))
        await client.send(frames.settings({Setting.INITIAL_WINDOW_SIZE: 300}))
        assert call.window.left == -500
        writing = begin(call.write(b"x"))
        await client.send(frames.window_update(1, 500))
        assert sent(client) == message(bytes(795))
        await client.send(frames.settings({Setting.INITIAL_WINDOW_SIZE: 400}))
        assert sent(client) == message(b"x")
        assert writing.done()


async def test_later_calls_begin_with_the_window_that_was_set_last() -> None:
    async with peer() as client:
        await client.greet()
        await client.send(frames.settings({Setting.INITIAL_WINDOW_SIZE: 7}))
        assert (await client.call()).window.left == 7


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.lists(st.integers(1, 300), min_size=1, max_size=30))
async def test_whatever_the_windows_what_comes_is_what_was_written(sizes: list[int], opens: list[int]) -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 0})
        call = await client.call()
        messages = [LARGE[:size] for size in sizes]
        writing = begin(_write_all(call, messages))
        came, room = b"", 0
        for more in opens:
            room += more
            await client.send(frames.window_update(1, more))
            came += sent(client)
            assert len(came) == min(room, sum(sizes) + 5 * len(sizes))
        await client.send(frames.window_update(1, 10_000))
        assert came + sent(client) == b"".join(map(message, messages))
        assert writing.done()


async def _write_all(call: Call, messages: list[bytes]) -> None:
    for each in messages:
        await call.write(each)


async def test_a_peer_that_does_not_read_is_written_no_more_than_it_has_room_for() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: MAX_WINDOW_BYTES})
        call = await client.call()
        await client.send(frames.window_update(0, 1 << 30))
        client.received()
        client.transport.reads = False
        writing = begin(_write_all(call, [LARGE] * 8))
        await settle()
        assert HIGH_WATER < client.transport.unread <= HIGH_WATER + 257 * 1024
        assert not writing.done()
        for _ in range(8 * 2 + 1):
            client.transport.read_on()
            client.transport.reads = False
            await settle()
        assert sent(client) == message(LARGE) * 8
        client.transport.read_on()
        await settle()
        assert writing.done()


@pytest.mark.parametrize("how", ["reset", "gone", "wrong"])
async def test_who_waits_to_write_hears_of_the_end(how: str) -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 1})
        writing = begin((await client.call()).write(b"x"))
        await settle()
        assert not writing.done()
        await _end(client, how)
        with pytest.raises(anyio.BrokenResourceError):
            await writing
        with pytest.raises(anyio.BrokenResourceError):
            await client.calls[0].write(b"x")


async def _end(client: Peer, how: str) -> None:
    if how == "reset":
        await client.send(frames.rst_stream(1, Code.CANCEL))
    elif how == "gone":
        client.transport.abort()
    else:
        await client.send(frames.frame(Kind.PING, 0, 0, b"short"))


# ------------------------------------------------------------ what the core takes


async def test_what_is_not_read_is_not_given_back() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        client.received()
        one = message(bytes(64 * 1024 - 5))
        for _ in range(READ_AHEAD_BYTES // len(one)):
            for start in range(0, len(one), 16 * 1024):
                await client.send(data(1, one[start : start + 16 * 1024]))
        assert opened(client, 1) == 0
        await call.read()
        assert opened(client, 1) == 0
        await call.read()
        assert opened(client, 1) == 2 * len(one)


async def test_more_than_the_window_ends_the_connection() -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        for _ in range(READ_AHEAD_BYTES // (16 * 1024)):
            await client.send(data(1, bytes(16 * 1024)))
        assert not client.transport.over.is_set()
        await client.send(data(1, b"x"))
        assert client.goodbye() == Code.FLOW_CONTROL_ERROR


async def test_a_message_longer_than_the_window_comes_whole_to_who_reads() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        client.received()
        reading = asyncio.ensure_future(call.read())
        room, whole = READ_AHEAD_BYTES, memoryview(message(LARGE))
        while whole:
            assert room > 0
            piece, whole = whole[: min(room, 16 * 1024)], whole[min(room, 16 * 1024) :]
            await client.send(data(1, bytes(piece)))
            room += opened(client, 1) - len(piece)
        assert await reading == LARGE


async def test_padding_takes_room_and_gives_it_back() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        client.received()
        reading = asyncio.ensure_future(call.read())
        given = 0
        for _ in range(1024):
            await client.send(frames.frame(Kind.DATA, frames.Flag.PADDED, 1, b"\xff" + bytes(255)))
        given = opened(client, 1)
        assert READ_AHEAD_BYTES // 2 <= given <= READ_AHEAD_BYTES
        await client.send(data(1, message(b"x")))
        assert await reading == b"x"


async def test_what_comes_for_calls_that_have_ended_opens_the_window_of_the_connection() -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        await client.send(frames.rst_stream(1, Code.CANCEL))
        client.received()
        for _ in range(MAX_CALLS * READ_AHEAD_BYTES // (16 * 1024)):
            await client.send(data(1, bytes(16 * 1024)))
        assert opened(client, 0) >= MAX_CALLS * READ_AHEAD_BYTES // 2
        assert not client.transport.over.is_set()


@pytest.mark.parametrize("stream", [0, 1])
async def test_a_window_that_grows_too_far_ends_the_connection(stream: int) -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        await client.send(frames.window_update(stream, MAX_WINDOW_BYTES))
        assert client.goodbye() == Code.FLOW_CONTROL_ERROR


async def test_a_first_window_that_makes_an_open_one_too_large_ends_the_connection() -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        await client.send(frames.window_update(1, MAX_WINDOW_BYTES - (64 * 1024 - 1)))
        await client.send(frames.settings({Setting.INITIAL_WINDOW_SIZE: 64 * 1024}))
        assert client.goodbye() == Code.FLOW_CONTROL_ERROR
