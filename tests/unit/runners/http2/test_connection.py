"""runners/http2/connection: each kind of frame, how calls begin and end, and what is refused."""

from __future__ import annotations

import asyncio
from struct import pack

import anyio
import pytest

from runtime.runners.http2 import connection, frames
from runtime.runners.http2.calls import MAX_CALLS
from runtime.runners.http2.frames import PREFACE, Code, Flag, Kind, Setting, frame
from runtime.runners.http2.headers import MAX_HEADER_BYTES, CallFault
from runtime.runners.http2.wire import MAX_ANSWERS
from tests.fakes import settle
from tests.unit.runners.dialled import pass_time
from tests.unit.runners.http2.peer import data, message, peer

PING = frame(Kind.PING, 0, 0, b"12345678")
END = frame(Kind.DATA, Flag.END_STREAM, 1)


# ------------------------------------------------------------ calls


async def test_a_call_from_its_headers_to_its_trailers() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"one") + message(b"")), data(1, message(b"two"), Flag.END_STREAM))
        assert [await call.read() for _ in range(5)] == [b"one", b"", b"two", None, None]
        await call.write(b"back")
        client.returning.set()
        await settle()
        kinds = client.received()
        came = [(kind, flags, stream) for kind, flags, stream, _ in kinds if kind in (Kind.HEADERS, Kind.DATA)]
        assert came == [(Kind.HEADERS, 4, 1), (Kind.DATA, 0, 1), (Kind.HEADERS, 5, 1)]
        assert Kind.RST_STREAM not in {kind for kind, *_ in kinds}


async def test_the_headers_of_an_answer() -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        client.returning.set()
        await settle()
        first, last = client.headers()
        assert first == {":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity"}
        assert last == {"grpc-status": "0"}


async def test_a_request_that_goes_on_behind_its_answer_is_reset() -> None:
    async with peer() as client:
        await client.greet()
        await client.call()
        client.returning.set()
        await settle()
        assert client.all(Kind.RST_STREAM) == [(Kind.RST_STREAM, 0, 1, bytes(4))]
        await client.send(data(1, b"late"), frames.window_update(1, 5), frames.rst_stream(1, Code.CANCEL))
        assert not client.transport.over.is_set()


async def test_a_refusal_is_one_block_with_a_message_that_can_stand_in_it() -> None:
    async with peer() as client:
        await client.greet()
        await client.send(client.request(1, path="/other"))
        (only,) = client.headers()
        assert only[":status"] == "200"
        assert only["grpc-status"] == "12"
        assert only["grpc-message"] == "nothing but 100 %25 of M: %C3%A9%0A"
        assert client.calls == []


async def test_headers_may_come_in_pieces() -> None:
    async with peer() as client:
        await client.greet()
        whole = client.request()[9:]
        padded = b"\2" + pack(">IB", 0, 7) + whole[:3] + b"\0\0"
        await client.send(frame(Kind.HEADERS, Flag.PADDED | Flag.PRIORITY, 1, padded))
        await client.send(*(frame(Kind.CONTINUATION, 0, 1, bytes([byte])) for byte in whole[3:]))
        assert client.calls == []
        await client.send(frame(Kind.CONTINUATION, Flag.END_HEADERS, 1))
        assert len(client.calls) == 1


async def test_a_request_may_end_with_trailers_or_with_its_headers() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call(1)
        await client.send(data(1, message(b"x")), client.request(1, Flag.END_STREAM))
        assert (await call.read(), await call.read()) == (b"x", None)
        await client.send(client.request(3, Flag.END_STREAM))
        assert await client.calls[-1].read() is None


async def test_calls_beside_each_other_have_a_bound_that_ended_ones_do_not_use_up() -> None:
    async with peer() as client:
        await client.greet()
        for stream in range(1, 2 * MAX_CALLS + 1, 2):
            await client.call(stream)
        await client.send(client.request(99))
        assert client.all(Kind.RST_STREAM) == [(Kind.RST_STREAM, 0, 99, pack(">I", Code.REFUSED_STREAM))]
        client.returning.set()
        await settle()
        client.returning.clear()
        call = await client.call(101)
        await client.send(data(101, message(b"x")))
        assert await call.read() == b"x"


async def test_what_came_before_a_reset_is_read() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"x") + message(b"half")[:-1]), frames.rst_stream(1, Code.CANCEL))
        assert (await call.read(), await call.read()) == (b"x", None)
        client.returning.set()
        await settle()
        assert Kind.RST_STREAM not in {kind for kind, *_ in client.received()}


async def test_what_came_before_the_end_of_the_connection_is_read() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"x")))
        client.transport.abort()
        assert (await call.read(), await call.read()) == (b"x", None)
        assert client.connections == set()


async def test_a_request_that_ends_within_a_message_fails_its_call_alone() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"x") + message(b"half")[:-1], Flag.END_STREAM))
        assert await call.read() == b"x"
        with pytest.raises(CallFault, match="within a message"):
            await call.read()
        assert client.headers()[-1]["grpc-status"] == "13"
        assert (await client.call(3)).id == 3


async def test_a_compressed_message_fails_its_call_alone() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"x") + message(b"y", is_compressed=True)))
        assert await call.read() == b"x"
        with pytest.raises(CallFault, match="compressed"):
            await call.read()
        with pytest.raises(anyio.BrokenResourceError):
            await call.write(b"x")
        assert client.headers()[-1]["grpc-status"] == "12"
        await client.send(data(1, message(b"on the way")))
        assert (await client.call(3)).id == 3


async def test_a_call_that_ends_within_a_message_of_ours_is_reset() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 3})
        writing = asyncio.ensure_future((await client.call()).write(b"long"))
        await settle()
        writing.cancel()
        client.returning.set()
        await settle()
        came = client.received()
        assert (Kind.RST_STREAM, 0, 1, pack(">I", Code.CANCEL)) in came
        assert [kind for kind, flags, *_ in came if kind == Kind.HEADERS and flags & Flag.END_STREAM] == []


# ------------------------------------------------------------ other frames


async def test_the_core_greets_first() -> None:
    async with peer() as client:
        first, second = client.received()
        assert first[0] == Kind.SETTINGS
        assert second[0] == Kind.WINDOW_UPDATE


async def test_settings_and_pings_are_answered() -> None:
    async with peer() as client:
        await client.greet({Setting.ENABLE_PUSH: 0, Setting.MAX_HEADER_LIST_SIZE: 5})
        await client.send(PING, frame(Kind.PING, Flag.ACK, 0, bytes(8)), frame(Kind.SETTINGS, Flag.ACK, 0))
        assert client.received()[2:] == [
            (Kind.SETTINGS, Flag.ACK, 0, b""),
            (Kind.PING, Flag.ACK, 0, b"12345678"),
        ]


async def test_what_asks_for_nothing_is_passed_over() -> None:
    async with peer() as client:
        await client.greet()
        await client.send(
            frame(Kind.PRIORITY, 0, 5, bytes(5)),
            frames.goaway(0, Code.NO_ERROR, "bye"),
            frames.HEAD.pack(3 << 8 | 0xEE, 0xFF, 7) + b"new",
            frame(Kind.SETTINGS, 0, 0, pack(">HI", 0xF000, 1)),
        )
        assert (await client.call()).id == 1


WRONG = {
    "no settings": (Code.PROTOCOL_ERROR, PING),
    "settings of a stream": (Code.PROTOCOL_ERROR, frame(Kind.SETTINGS, 0, 1)),
    "settings cut off": (Code.FRAME_SIZE_ERROR, frame(Kind.SETTINGS, 0, 0, b"12345")),
    "an answer with content": (Code.PROTOCOL_ERROR, frame(Kind.SETTINGS, Flag.ACK, 0, bytes(6))),
    "an endless window": (Code.FLOW_CONTROL_ERROR, frames.settings({Setting.INITIAL_WINDOW_SIZE: 2**31})),
    "too small frames": (Code.PROTOCOL_ERROR, frames.settings({Setting.MAX_FRAME_SIZE: 16383})),
    "too large frames": (Code.PROTOCOL_ERROR, frames.settings({Setting.MAX_FRAME_SIZE: 2**24})),
    "half a push": (Code.PROTOCOL_ERROR, frames.settings({Setting.ENABLE_PUSH: 2})),
}


@pytest.mark.parametrize("what", WRONG)
async def test_wrong_first_frames_end_the_connection(what: str) -> None:
    code, wrong = WRONG[what]
    async with peer() as client:
        await client.send(PREFACE + wrong)
        assert client.goodbye() == code
        assert client.connections == set()


LATER = {
    "a ping cut off": (Code.FRAME_SIZE_ERROR, frame(Kind.PING, 0, 0, bytes(7))),
    "a ping of a stream": (Code.FRAME_SIZE_ERROR, frame(Kind.PING, 0, 1, bytes(8))),
    "a reset cut off": (Code.FRAME_SIZE_ERROR, frame(Kind.RST_STREAM, 0, 1, bytes(3))),
    "a reset of nothing": (Code.PROTOCOL_ERROR, frames.rst_stream(9, Code.CANCEL)),
    "a reset of everything": (Code.PROTOCOL_ERROR, frames.rst_stream(0, Code.CANCEL)),
    "a window of nothing": (Code.PROTOCOL_ERROR, frames.window_update(9, 1)),
    "a window that stays": (Code.PROTOCOL_ERROR, frames.window_update(1, 0)),
    "a window cut off": (Code.FRAME_SIZE_ERROR, frame(Kind.WINDOW_UPDATE, 0, 1, bytes(5))),
    "data for nothing": (Code.PROTOCOL_ERROR, data(3, b"x")),
    "data for the connection": (Code.PROTOCOL_ERROR, data(0, b"x")),
    "data that are padding": (Code.PROTOCOL_ERROR, data(1, b"\1", Flag.PADDED)),
    "data behind the end": (Code.PROTOCOL_ERROR, END + data(1, b"x")),
    "a priority cut off": (Code.FRAME_SIZE_ERROR, frame(Kind.PRIORITY, 0, 1, bytes(4))),
    "a push": (Code.PROTOCOL_ERROR, frame(Kind.PUSH_PROMISE, 0, 1, bytes(4))),
    "headers of ours": (Code.PROTOCOL_ERROR, frame(Kind.HEADERS, Flag.END_HEADERS, 2)),
    "headers of the connection": (Code.PROTOCOL_ERROR, frame(Kind.HEADERS, Flag.END_HEADERS, 0)),
    "headers in the middle": (Code.PROTOCOL_ERROR, frame(Kind.HEADERS, Flag.END_HEADERS, 1)),
    "headers without their priority": (Code.FRAME_SIZE_ERROR, frame(Kind.HEADERS, Flag.PRIORITY, 3, bytes(4))),
    "headers that cannot be decoded": (Code.COMPRESSION_ERROR, frame(Kind.HEADERS, Flag.END_HEADERS, 3, b"\xff\xff")),
    "a continuation of nothing": (Code.PROTOCOL_ERROR, frame(Kind.CONTINUATION, Flag.END_HEADERS, 1)),
    "a ping within headers": (Code.PROTOCOL_ERROR, frame(Kind.HEADERS, 0, 3) + PING),
    "a continuation of others": (Code.PROTOCOL_ERROR, frame(Kind.HEADERS, 0, 3) + frame(Kind.CONTINUATION, 4, 5)),
    "a frame that is too long": (Code.FRAME_SIZE_ERROR, frames.HEAD.pack((frames.MAX_FRAME_BYTES + 1) << 8, 0, 1)),
    "long headers": (Code.ENHANCE_YOUR_CALM, frame(Kind.HEADERS, 0, 3, bytes(MAX_HEADER_BYTES))),
    "endless headers": (Code.ENHANCE_YOUR_CALM, frame(Kind.HEADERS, 0, 3) + frame(Kind.CONTINUATION, 0, 3) * 2000),
}


@pytest.mark.parametrize("what", LATER)
async def test_wrong_frames_end_the_connection_and_its_calls(what: str) -> None:
    code, wrong = LATER[what]
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.send(data(1, message(b"before")) + wrong)
        assert client.goodbye() == code
        assert await call.read() == b"before"
        with pytest.raises(CallFault):
            await call.read()
        assert client.transport.over.is_set()


async def test_a_block_that_grows_when_it_is_decoded_is_refused() -> None:
    async with peer() as client:
        await client.greet()
        first = b"\x40\x01x\x7f\x81\x1d" + b"v" * 3840  # remembered by the decoder as entry 62
        await client.send(frame(Kind.HEADERS, Flag.END_HEADERS, 1, first + b"\xbe" * 100))
        assert client.goodbye() == Code.COMPRESSION_ERROR


# ------------------------------------------------------------ bounds


@pytest.mark.parametrize("asked", [PING, frame(Kind.SETTINGS, 0, 0)])
async def test_who_asks_and_does_not_read_is_answered_so_often(asked: bytes) -> None:
    async with peer() as client:
        await client.greet()
        client.transport.reads = False
        client.connection.pause_writing()
        await client.send(asked * MAX_ANSWERS)
        assert Kind.GOAWAY not in {kind for kind, *_ in client.received()}
        await client.send(asked)
        assert client.goodbye() == Code.ENHANCE_YOUR_CALM


async def test_who_asks_and_reads_is_answered() -> None:
    async with peer() as client:
        await client.greet()
        await client.send(*[PING * 100] * 50)
        assert len(client.all(Kind.PING)) == 5000


async def test_a_connection_without_a_call_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer() as idle, peer() as busy:
        await idle.greet()
        await (await busy.greet()).call()
        pass_time(monkeypatch, connection.CALL_WITHIN_SECONDS)
        await idle.transport.over.wait()
        assert not busy.transport.over.is_set()


async def test_last_words_that_nobody_reads_hold_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        client.transport.reads = False
        await client.send(bytes(9))
        assert client.goodbye() == Code.PROTOCOL_ERROR
        assert not client.transport.over.is_set()
        with pytest.raises(anyio.BrokenResourceError):
            await call.write(b"x")
        pass_time(monkeypatch, connection.CLOSE_WITHIN_SECONDS)
        await client.connection.leave()
        assert client.transport.over.is_set()


async def test_what_comes_behind_a_fault_is_not_looked_at() -> None:
    async with peer() as client:
        await client.greet()
        client.transport.reads = False
        await client.send(bytes(9))
        client.connection.data_received(client.request())
        assert client.calls == []
        client.transport.abort()


async def test_a_call_that_has_sent_nothing_of_a_message_ends_with_trailers() -> None:
    async with peer() as client:
        await client.greet({Setting.INITIAL_WINDOW_SIZE: 0})
        writing = asyncio.ensure_future((await client.call()).write(b"long"))
        await settle()
        writing.cancel()
        client.returning.set()
        await settle()
        assert client.headers()[-1] == {"grpc-status": "0"}


async def test_leaving_says_goodbye_and_ends_every_call() -> None:
    async with peer() as client:
        await client.greet()
        call = await client.call()
        await client.connection.leave()
        assert client.goodbye() == Code.NO_ERROR
        assert await call.read() is None
