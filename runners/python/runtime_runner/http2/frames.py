"""Frames of HTTP/2 (RFC 9113, sections 4 and 6): read out of what comes, and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from struct import Struct

from runtime_runner.http2.records import Records

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = Struct(">IBI")
"""Length and kind in one number, flags, stream."""
MAX_FRAME_BYTES = 64 * 1024
"""What a frame of the core's may hold."""
LEAST_MAX_FRAME_BYTES = 16 * 1024
"""What a frame of ours may hold unless the core has allowed for more."""
_ID = 0x7FFF_FFFF
_NUMBER = Struct(">I")
_SETTING = Struct(">HI")
_PRIORITY_BYTES = 5
_LAST_STREAM_AND_CODE = Struct(">II")

Frame = tuple[int, int, int, bytes]
"""Kind, flags, stream and what it holds."""


class CallFault(Exception):
    """The call has come to no good end; the text says what the core said, or what it does wrong."""


class Kind(IntEnum):
    """What a frame is; of other kinds none concerns a client that takes no pushes."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Flag(IntEnum):
    """What a frame's flags mean; one number may mean two things in frames of different kinds."""

    END_STREAM = 0x1
    ACK = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class Setting(IntEnum):
    """Names of settings."""

    ENABLE_PUSH = 2
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5


class FrameReader:
    """Cuts what comes into frames."""

    def __init__(self) -> None:
        self._records = Records(HEAD.size, _size_of)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that end in this piece of the connection. Raises `CallFault`."""
        for held, start, end in self._records.feed(data):
            word, flags, stream = HEAD.unpack_from(held, start)
            yield word & 0xFF, flags, stream & _ID, held[start + HEAD.size : end]


def _size_of(data: bytes, at: int) -> int:
    length: int = HEAD.unpack_from(data, at)[0] >> 8
    if length > MAX_FRAME_BYTES:
        raise CallFault(f"it sent a frame of {length} bytes, and {MAX_FRAME_BYTES} are allowed")
    return HEAD.size + length


# ------------------------------------------------------------ what frames hold


def content(flags: int, body: bytes) -> bytes:
    """What a frame of DATA or HEADERS holds, without what may surround it. Raises `CallFault`."""
    start, end = 0, len(body)
    if flags & Flag.PADDED:
        if not body or body[0] >= len(body):
            raise CallFault("it sent a frame whose padding is longer than the frame")
        start, end = 1, end - body[0]
    return body[start:end]


def block(flags: int, body: bytes) -> bytes:
    """The part of a header block that HEADERS hold. Raises `CallFault`."""
    return content(flags, body)[_PRIORITY_BYTES if flags & Flag.PRIORITY else 0 :]


def number(body: bytes) -> int:
    """What RST_STREAM and WINDOW_UPDATE hold. Raises `CallFault`."""
    if len(body) != _NUMBER.size:
        raise CallFault(f"it sent a frame of {len(body)} bytes that must hold {_NUMBER.size}")
    return int(_NUMBER.unpack(body)[0])


def read_settings(body: bytes) -> Iterator[tuple[int, int]]:
    """Settings with their values, in order. Raises `CallFault`."""
    if len(body) % _SETTING.size:
        raise CallFault(f"it sent settings of {len(body)} bytes; each has {_SETTING.size}")
    return _SETTING.iter_unpack(body)


def last_words(body: bytes) -> str:
    """The text of GOAWAY, which may be empty."""
    return body[_LAST_STREAM_AND_CODE.size :].decode(errors="replace")


# ------------------------------------------------------------ what is sent


def frame(kind: Kind, flags: int, stream: int, body: bytes | memoryview = b"") -> bytes:
    """A whole frame."""
    return b"".join((HEAD.pack(len(body) << 8 | kind, flags, stream), body))


def settings(values: Mapping[Setting, int]) -> bytes:
    """SETTINGS."""
    return frame(Kind.SETTINGS, 0, 0, b"".join(_SETTING.pack(name, value) for name, value in values.items()))


def window_update(stream: int, more: int) -> bytes:
    """WINDOW_UPDATE; stream 0 is the connection."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, _NUMBER.pack(more))
