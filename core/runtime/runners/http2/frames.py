"""Frames of HTTP/2 (RFC 9113, section 4): read out of what comes, and written."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from struct import Struct

from runtime.runners.http2.gathered import Gathered

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = Struct(">IBI")
"""Length and kind in one number, flags, stream."""
HEAD_BYTES = HEAD.size
MAX_FRAME_BYTES = 64 * 1024
"""What a frame of the other side's may hold."""
LEAST_MAX_FRAME_BYTES = 16 * 1024
"""What a frame may hold unless the other side has allowed for more."""
MOST_MAX_FRAME_BYTES = 2**24 - 1
_ID = 0x7FFF_FFFF
_NUMBER = Struct(">I")
_SETTING = Struct(">HI")
_PAIR = Struct(">II")

Frame = tuple[int, int, int, bytes]
"""Kind, flags, stream and what it holds."""


class Kind(IntEnum):
    """What a frame is."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
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
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Code(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class ConnectionFault(Exception):
    """The other side breaks HTTP/2: the connection ends. The text says what was wrong."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameReader:
    """Cuts what comes into frames."""

    def __init__(self) -> None:
        self._gathered = Gathered()
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that end in this piece of the stream. Raises `ConnectionFault`."""
        data = self._gathered.add(data)
        start, end = 0, len(data)
        if not self._has_begun:
            start = self._preface(data)
        needed = HEAD_BYTES
        while end - start >= HEAD_BYTES and self._has_begun:
            word, flags, stream = HEAD.unpack_from(data, start)
            length = word >> 8
            if length > MAX_FRAME_BYTES:
                raise ConnectionFault(
                    Code.FRAME_SIZE_ERROR, f"a frame of {length} bytes; {MAX_FRAME_BYTES} are allowed"
                )
            needed = HEAD_BYTES + length
            if start + needed > end:
                break
            yield word & 0xFF, flags, stream & _ID, data[start + HEAD_BYTES : start + needed]
            start += needed
            needed = HEAD_BYTES
        self._gathered.keep(data[start:] if start else data, needed if self._has_begun else len(PREFACE))

    def _preface(self, data: bytes) -> int:
        """How much of the data is the preface, once that has come whole."""
        if not PREFACE.startswith(data[: len(PREFACE)]):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "what came first is not the preface of HTTP/2")
        self._has_begun = len(data) >= len(PREFACE)
        return len(PREFACE) if self._has_begun else 0


# ------------------------------------------------------------ what frames hold


def unpadded(flags: int, body: bytes) -> bytes:
    """What a frame of DATA or HEADERS holds, without its padding. Raises `ConnectionFault`."""
    if not flags & Flag.PADDED:
        return body
    if not body or body[0] >= len(body):
        raise ConnectionFault(Code.PROTOCOL_ERROR, "the padding of a frame is longer than the frame")
    return body[1 : len(body) - body[0]]


def number(body: bytes) -> int:
    """What RST_STREAM and WINDOW_UPDATE hold. Raises `ConnectionFault`."""
    if len(body) != _NUMBER.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"a frame holds {len(body)} bytes; it must hold {_NUMBER.size}")
    return int(_NUMBER.unpack(body)[0])


def read_settings(body: bytes) -> list[tuple[int, int]]:
    """Settings with their values, in order. Raises `ConnectionFault`."""
    if len(body) % _SETTING.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"settings of {len(body)} bytes; each has {_SETTING.size}")
    return list(_SETTING.iter_unpack(body))


# ------------------------------------------------------------ what is sent


def frame(kind: Kind, flags: int, stream: int, body: bytes = b"") -> bytes:
    """A whole frame."""
    return HEAD.pack(len(body) << 8 | kind, flags, stream) + body


def data_frames(stream: int, body: bytes | memoryview, size: int) -> bytes:
    """DATA of at most so many bytes each."""
    if len(body) <= size:
        return HEAD.pack(len(body) << 8 | Kind.DATA, 0, stream) + body
    pieces: list[bytes | memoryview] = []
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        pieces += (HEAD.pack(len(piece) << 8 | Kind.DATA, 0, stream), piece)
    return b"".join(pieces)


def settings(values: dict[Setting, int]) -> bytes:
    """SETTINGS."""
    return frame(Kind.SETTINGS, 0, 0, b"".join(_SETTING.pack(name, value) for name, value in values.items()))


def window_update(stream: int, more: int) -> bytes:
    """WINDOW_UPDATE; stream 0 is the connection."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, _NUMBER.pack(more))


def rst_stream(stream: int, code: Code) -> bytes:
    """RST_STREAM."""
    return frame(Kind.RST_STREAM, 0, stream, _NUMBER.pack(code))


def goaway(last: int, code: Code, text: str) -> bytes:
    """GOAWAY; `last` is the last stream that was looked at."""
    return frame(Kind.GOAWAY, 0, 0, _PAIR.pack(last, code) + text.encode())
