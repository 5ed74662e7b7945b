"""runners/http2/frames and messages: any cut of the bytes gives the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.runners.http2.frames import HEAD, MAX_FRAME_BYTES, PREFACE, ConnectionFault, Frame, FrameReader, unpadded
from runtime.runners.http2.headers import CallFault, Status
from runtime.runners.http2.messages import MAX_MESSAGE_BYTES, PREFIX, Messages
from tests.unit.runners.http2.cuts import BODIES, cut
from tests.unit.runners.http2.peer import message

FRAMES = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**31 - 1), BODIES), max_size=6)


def written(frame: Frame) -> bytes:
    kind, flags, stream, body = frame
    return HEAD.pack(len(body) << 8 | kind, flags, stream) + body


@given(FRAMES, st.data())
def test_any_cut_gives_the_same_frames(frames: list[Frame], chance: st.DataObject) -> None:
    reader = FrameReader()
    whole = PREFACE + b"".join(map(written, frames))
    assert [each for piece in chance.draw(cut(whole)) for each in reader.feed(piece)] == frames


@given(FRAMES)
def test_byte_by_byte_gives_the_same_frames(frames: list[Frame]) -> None:
    reader = FrameReader()
    whole = PREFACE + b"".join(map(written, frames))
    assert [each for byte in whole for each in reader.feed(bytes([byte]))] == frames


@given(st.lists(BODIES, max_size=8), st.data())
def test_any_cut_gives_the_same_messages(bodies: list[bytes], chance: st.DataObject) -> None:
    messages = Messages()
    whole = b"".join(map(message, bodies))
    assert [each for piece in chance.draw(cut(whole)) for each in messages.feed(piece)] == bodies
    assert messages.is_between


@given(BODIES, st.data())
def test_a_message_in_part_is_none(body: bytes, chance: st.DataObject) -> None:
    messages = Messages()
    part = message(body)[: chance.draw(st.integers(1, len(body) + 4))]
    assert [each for piece in chance.draw(cut(part)) for each in messages.feed(piece)] == []
    assert not messages.is_between


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n\r\n", PREFACE[:-1] + b"x", b"\0"])
def test_what_does_not_begin_as_http2_is_refused_at_its_first_wrong_byte(first: bytes) -> None:
    with pytest.raises(ConnectionFault, match="preface"):
        list(FrameReader().feed(first))


def test_a_frame_that_is_too_long_is_refused_by_its_head() -> None:
    reader = FrameReader()
    with pytest.raises(ConnectionFault, match=str(MAX_FRAME_BYTES)):
        list(reader.feed(PREFACE + HEAD.pack((MAX_FRAME_BYTES + 1) << 8, 0, 1)))


@pytest.mark.parametrize(
    ("prefix", "status"),
    [
        (PREFIX.pack(1, 3), Status.UNIMPLEMENTED),
        (PREFIX.pack(255, 3), Status.UNIMPLEMENTED),
        (PREFIX.pack(0, MAX_MESSAGE_BYTES + 1), Status.RESOURCE_EXHAUSTED),
        (PREFIX.pack(0, 2**32 - 1), Status.RESOURCE_EXHAUSTED),
    ],
)
def test_messages_before_a_wrong_one_are_given(prefix: bytes, status: Status) -> None:
    came: list[bytes] = []
    with pytest.raises(CallFault) as fault:
        for each in Messages().feed(message(b"first") + prefix):
            came.append(each)
    assert fault.value.status is status
    assert came == [b"first"]


@pytest.mark.parametrize(
    ("body", "content"), [(b"\0abc", b"abc"), (b"\2abc\0\0", b"abc"), (b"\3\0\0\0", b""), (b"\0", b"")]
)
def test_padding_is_taken_off(body: bytes, content: bytes) -> None:
    assert unpadded(0x8, body) == content
    assert unpadded(0, body) == body


@pytest.mark.parametrize("body", [b"", b"\1", b"\4\0\0\0"])
def test_padding_longer_than_its_frame_is_refused(body: bytes) -> None:
    with pytest.raises(ConnectionFault, match="padding"):
        unpadded(0x8, body)
