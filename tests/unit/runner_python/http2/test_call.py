"""http2/call: messages in any cut, windows in both directions, and every way in which a call ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from struct import pack
from typing import Any

import pytest
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

from runtime.runners.http2 import frames as core
from runtime.runners.http2.frames import Flag, Frame, Kind, Setting, frame, window_update
from runtime_runner.http2.call import MAX_MESSAGE_BYTES, PREFIX, READ_AHEAD_BYTES, Call
from runtime_runner.http2.frames import MAX_FRAME_BYTES, CallFault
from runtime_runner.http2.headers import MAX_HEADER_BYTES
from tests.fakes import settle
from tests.unit.runners.http2 import peer
from tests.unit.runners.http2.cuts import BODIES, cut
from tests.unit.runners.http2.peer import message

WINDOW = 64 * 1024 - 1
GOOD_END = {"grpc-status": "0"}

data = partial(peer.data, 1)


class CoreSide(asyncio.Transport):
    """A core that says what a test says, and reads what the call writes as our real core does."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[bytes] = []
        self.endings: list[BaseException | None] = []
        self.fault: BaseException | None = None
        """What taking a message is to raise."""
        self.is_closed = False
        self.has_eof = False
        """True when the core is told of the end, whoever else holds the socket."""
        self._came = core.FrameReader()
        self._sent: list[Frame] = []
        self._encoder = Encoder()
        self.call = Call("/p.S/M", {"secret": "x y"}, self._take, self.endings.append)
        self.call.connection_made(self)

    def _take(self, body: bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.messages.append(body)

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self._sent.extend(self._came.feed(bytes(data)))

    def write_eof(self) -> None:
        self.has_eof = True

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.call.data_received(piece)

    def block(self, headers: Mapping[str, str]) -> bytes:
        return self._encoder.encode(list(headers.items()))

    def headers(self, headers: Mapping[str, str], flags: int = 0) -> bytes:
        return frame(Kind.HEADERS, Flag.END_HEADERS | flags, 1, self.block(headers))

    def ends_with(self, headers: Mapping[str, str]) -> None:
        self.send(self.headers(headers, Flag.END_STREAM))

    def taken(self, kind: Kind) -> list[Frame]:
        """The frames of one kind that were written since the last look, which forgets the others."""
        sent, self._sent = self._sent, []
        return [each for each in sent if each[0] == kind]

    def ended(self) -> str:
        """Why the call has ended, which it must have, once; "" when it ended well."""
        (error,) = self.endings
        assert self.is_closed
        assert self.has_eof
        assert error is None or isinstance(error, CallFault)
        return "" if error is None else str(error)


# ------------------------------------------------------------ calling


async def test_it_calls_at_once() -> None:
    side = CoreSide()
    (_, flags, stream, block) = side.taken(Kind.HEADERS)[0]
    assert (flags, stream) == (Flag.END_HEADERS, 1)
    assert {str(name): str(value) for name, value in Decoder().decode(block)} == {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/p.S/M",
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        "secret": "x y",
    }


async def test_it_says_what_may_be_under_way_to_it() -> None:
    side = CoreSide()
    sent, side._sent = side._sent, []
    assert [kind for kind, *_ in sent] == [Kind.SETTINGS, Kind.WINDOW_UPDATE, Kind.HEADERS]
    said = dict(core.read_settings(sent[0][3]))
    assert said == {
        Setting.ENABLE_PUSH: 0,
        Setting.INITIAL_WINDOW_SIZE: READ_AHEAD_BYTES,
        Setting.MAX_FRAME_SIZE: MAX_FRAME_BYTES,
    }
    assert (sent[1][2], core.number(sent[1][3])) == (0, READ_AHEAD_BYTES - WINDOW)


async def test_settings_and_pings_are_answered_and_what_is_unknown_is_passed_over() -> None:
    side = CoreSide()
    side.send(core.settings({Setting.MAX_CONCURRENT_STREAMS: 4}), frame(Kind.SETTINGS, Flag.ACK, 0))
    assert side.taken(Kind.SETTINGS)[1:] == [(Kind.SETTINGS, Flag.ACK, 0, b"")]
    side.send(frame(Kind.PING, 0, 0, b"12345678"), frame(Kind.PING, Flag.ACK, 0, b"abcdefgh"))
    assert side.taken(Kind.PING) == [(Kind.PING, Flag.ACK, 0, b"12345678")]
    side.send(pack(">IBI", 3 << 8 | 0x55, 0, 0) + b"new", core.frame(Kind.PRIORITY, 0, 1, bytes(5)))
    assert side.endings == []


# ------------------------------------------------------------ messages that come


@given(st.lists(BODIES, max_size=8), st.data())
def test_any_cut_of_frames_and_bytes_gives_the_same_messages(bodies: list[bytes], chance: st.DataObject) -> None:
    side = CoreSide()
    stream = b"".join(map(message, bodies))
    on_the_wire = side.headers({":status": "200"}) + b"".join(data(piece) for piece in chance.draw(cut(stream)))
    side.send(*chance.draw(cut(on_the_wire)))
    assert side.messages == bodies
    side.ends_with(GOOD_END)
    assert side.ended() == ""


async def test_a_message_as_long_as_allowed_comes_whole_and_its_room_is_given_back() -> None:
    side = CoreSide()
    whole = message(bytes(MAX_MESSAGE_BYTES))
    side.taken(Kind.WINDOW_UPDATE)
    for start in range(0, len(whole), MAX_FRAME_BYTES):
        side.send(data(whole[start : start + MAX_FRAME_BYTES]))
    assert [len(body) for body in side.messages] == [MAX_MESSAGE_BYTES]
    given = {0: 0, 1: 0}
    for _, _, stream, body in side.taken(Kind.WINDOW_UPDATE):
        given[stream] += core.number(body)
    assert given[0] == given[1] > len(whole) - READ_AHEAD_BYTES / 2


async def test_what_surrounds_a_piece_counts_as_well_and_is_left_out() -> None:
    side = CoreSide()
    padded = b"\x03" + message(b"x") + bytes(3)
    for _ in range(READ_AHEAD_BYTES // 2 // len(padded) + 1):
        side.send(data(padded, Flag.PADDED))
    assert set(side.messages) == {b"x"}
    assert len(side.taken(Kind.WINDOW_UPDATE)) == 3  # one of the greeting, two that give back


async def test_headers_may_come_in_pieces() -> None:
    side = CoreSide()
    whole = side.block(GOOD_END)
    first = b"\2" + pack(">IB", 0, 7) + whole[:3] + b"\0\0"
    side.send(frame(Kind.HEADERS, Flag.PADDED | Flag.PRIORITY | Flag.END_STREAM, 1, first))
    side.send(*(frame(Kind.CONTINUATION, 0, 1, bytes([byte])) for byte in whole[3:]))
    assert side.endings == []
    side.send(frame(Kind.CONTINUATION, Flag.END_HEADERS, 1))
    assert side.ended() == ""


# ------------------------------------------------------------ messages that go


async def test_what_is_written_goes_out_whole_in_frames_that_the_core_takes() -> None:
    side = CoreSide()
    side.send(core.settings({Setting.INITIAL_WINDOW_SIZE: 1 << 20}), window_update(0, 1 << 20))
    await side.call.write(bytes(40_000))
    side.send(core.settings({Setting.MAX_FRAME_SIZE: 30_000}))
    await side.call.write(bytes(40_000))
    side.call.end()
    sent = side.taken(Kind.DATA)
    assert [len(body) for *_, body in sent] == [16384, 16384, 40_005 - 2 * 16384, 30_000, 10_005, 0]
    assert [flags for _, flags, *_ in sent] == [0] * 5 + [Flag.END_STREAM]
    assert b"".join(body for *_, body in sent) == message(bytes(40_000)) * 2


@pytest.mark.parametrize("narrow", ["stream", "connection"])
async def test_a_writer_waits_for_either_window(narrow: str) -> None:
    side = CoreSide()
    if narrow == "stream":
        side.send(window_update(0, 1 << 20))
    else:
        side.send(window_update(1, 1 << 20))
    writing = asyncio.create_task(side.call.write(bytes(WINDOW)))
    await settle()
    assert (sum(len(body) for *_, body in side.taken(Kind.DATA)), writing.done()) == (WINDOW, False)
    side.send(window_update(narrow == "stream", 2))
    await settle()
    assert (sum(len(body) for *_, body in side.taken(Kind.DATA)), writing.done()) == (2, False)
    side.send(window_update(narrow == "stream", 3))
    await asyncio.wait_for(writing, 5)
    assert sum(len(body) for *_, body in side.taken(Kind.DATA)) == 3


async def test_a_window_that_shrinks_below_nothing_holds_the_writer() -> None:
    side = CoreSide()
    side.send(window_update(0, 1 << 20))
    await side.call.write(bytes(1000))
    side.send(core.settings({Setting.INITIAL_WINDOW_SIZE: 100}))
    writing = asyncio.create_task(side.call.write(b""))
    await settle()
    side.send(window_update(1, 905))
    await settle()
    assert not writing.done()
    side.send(core.settings({Setting.INITIAL_WINDOW_SIZE: 105}))
    await asyncio.wait_for(writing, 5)


async def test_a_transport_that_is_full_holds_the_writer() -> None:
    side = CoreSide()
    side.call.pause_writing()
    writing = asyncio.create_task(side.call.write(b"x"))
    await settle()
    assert side.taken(Kind.DATA) == []
    side.call.resume_writing()
    await asyncio.wait_for(writing, 5)
    assert [body for *_, body in side.taken(Kind.DATA)] == [message(b"x")]


async def test_the_end_of_the_call_frees_the_writer_and_drops_what_comes_after_it() -> None:
    side = CoreSide()
    side.call.pause_writing()
    writing = asyncio.create_task(side.call.write(b"x"))
    await settle()
    side.ends_with(GOOD_END)
    await asyncio.wait_for(writing, 5)
    await side.call.write(b"late")
    side.call.end()
    side.send(data(message(b"late")), core.rst_stream(1, core.Code.NO_ERROR))
    side.call.connection_lost(None)
    assert (side.ended(), side.messages, side.taken(Kind.DATA)) == ("", [], [])


# ------------------------------------------------------------ ends that are none


async def test_a_refusal_is_told_in_the_words_of_the_core() -> None:
    side = CoreSide()
    side.ends_with({":status": "200", "grpc-status": "16", "grpc-message": "wrong %25 of 100: %C3%A9"})
    assert side.ended() == "wrong % of 100: é"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"grpc-status": "13"}, "it ended the call with status 13 of gRPC"),
        ({":status": "502"}, "it answered with status 502 of HTTP and none of gRPC"),
    ],
)
async def test_an_end_without_words(headers: dict[str, str], words: str) -> None:
    side = CoreSide()
    side.ends_with(headers)
    assert side.ended() == words


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (core.rst_stream(1, core.Code.CANCEL), "it dropped the call with code 8 of HTTP/2"),
        (frame(Kind.RST_STREAM, 0, 1, b"abc"), "it sent a frame of 3 bytes that must hold 4"),
        (data(b"", Flag.END_STREAM), "it ended the call without a status"),
        (data(message(b"x", is_compressed=True)), "it sent a compressed message"),
        (data(PREFIX.pack(0, MAX_MESSAGE_BYTES + 1)), "it sent a message of 8388609 bytes"),
        (pack(">IBI", MAX_FRAME_BYTES + 1 << 8, 0, 1), "it sent a frame of 65537 bytes"),
        (data(b"\x05abc", Flag.PADDED), "it sent a frame whose padding is longer than the frame"),
        (frame(Kind.SETTINGS, 0, 0, b"abc"), "it sent settings of 3 bytes"),
        (frame(Kind.HEADERS, Flag.END_HEADERS, 1, b"\xff\xff\xff"), "it sent headers that cannot be decoded"),
        (frame(Kind.HEADERS, 0, 1, bytes(MAX_HEADER_BYTES + 1)), "it sent headers of more than 16384 bytes"),
    ],
)
async def test_what_breaks_the_rules_ends_the_call(sent: bytes, words: str) -> None:
    side = CoreSide()
    side.send(sent, data(message(b"late")))
    assert side.ended().startswith(words)
    assert side.messages == []


@pytest.mark.parametrize(
    ("lost", "words"), [(None, "it closed the connection"), (ConnectionResetError("reset by peer"), "reset by peer")]
)
async def test_a_connection_that_is_lost(lost: Exception | None, words: str) -> None:
    side = CoreSide()
    side.call.connection_lost(lost)
    assert side.ended() == words


async def test_the_cores_last_words_are_why_the_connection_was_lost_and_do_not_end_the_call() -> None:
    side = CoreSide()
    side.send(core.goaway(1, core.Code.PROTOCOL_ERROR, "the runner pushes"))
    side.send(data(message(b"x")))
    assert (side.messages, side.endings) == ([b"x"], [])
    side.call.connection_lost(None)
    assert side.ended() == "the runner pushes"


@pytest.mark.parametrize("fault", [ZeroDivisionError(), OSError("too many open files"), KeyboardInterrupt()])
async def test_what_is_raised_on_the_way_of_a_message_comes_to_who_called_as_it_is(fault: BaseException) -> None:
    side = CoreSide()
    side.fault = fault
    side.send(data(message(b"x")), data(message(b"y")))
    assert (side.endings, side.is_closed) == ([fault], True)


async def test_a_closed_call_hears_and_says_nothing_more() -> None:
    side = CoreSide()
    side.call.close()
    side.send(data(message(b"late")))
    await side.call.write(b"late")
    side.call.connection_lost(None)
    assert (side.ended(), side.messages, side.taken(Kind.DATA)) == ("", [], [])


async def test_a_lost_connection_takes_the_rest_of_a_message_without_a_word() -> None:
    side = CoreSide()
    side.is_closed = True  # as a transport is from its first failed write until the loop tells of it
    await side.call.write(bytes(WINDOW - 5))
    assert side.taken(Kind.DATA) == []


async def test_the_end_is_said_once() -> None:
    side = CoreSide()
    side.call.end()
    side.call.end()
    assert len(side.taken(Kind.DATA)) == 1


async def test_a_message_that_no_core_has_to_take_is_not_begun() -> None:
    side = CoreSide()
    with pytest.raises(ValueError, match="8388609 bytes is to go out, and 8388608 are allowed"):
        await side.call.write(bytes(MAX_MESSAGE_BYTES + 1))
    assert side.taken(Kind.DATA) == []
