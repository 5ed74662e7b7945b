"""Header blocks: those of requests, decoded, and the few that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from urllib.parse import quote

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple

from runtime.runners.http2.frames import HEAD_BYTES, Code, ConnectionFault, Flag, unpadded

MAX_HEADER_BYTES = 16 * 1024
_PRIORITY_BYTES = 5
_MAX_MESSAGE_CHARACTERS = 1024
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


class Status(IntEnum):
    """How a call ended."""

    OK = 0
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAUTHENTICATED = 16


class CallFault(Exception):
    """The other side breaks gRPC, or asks for what there is not: its call ends. The text says what was wrong."""

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status


def _block(headers: Mapping[str, str]) -> bytes:
    # Nothing that is written is to be remembered, so that no block depends on one before it.
    return Encoder().encode([NeverIndexedHeaderTuple(name, value) for name, value in headers.items()], huffman=False)


_HEAD = {":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity"}
RESPONSE_HEAD = _block(_HEAD)


def trailers(status: Status, message: str, *, is_all: bool) -> bytes:
    """The block at the end of an answer; `is_all` when nothing of the answer went before."""
    last = {"grpc-status": str(int(status))}
    if message:
        last["grpc-message"] = quote(message[:_MAX_MESSAGE_CHARACTERS], safe=_PLAIN)
    return _block({**_HEAD, **last} if is_all else last)


class HeaderReader:
    """Decodes the header blocks of a connection, each of which may come in several frames."""

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_HEADER_BYTES)
        self._pieces: list[bytes] = []
        self._size = 0
        self.stream = 0
        """Whose block it is."""
        self.ends_stream = False

    def begin(self, stream: int, flags: int, body: bytes) -> dict[str, str] | None:
        """Takes HEADERS: the headers, None when CONTINUATION is to follow. Raises `ConnectionFault`."""
        body = unpadded(flags, body)
        if flags & Flag.PRIORITY:
            if len(body) < _PRIORITY_BYTES:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "HEADERS end within their priority")
            body = body[_PRIORITY_BYTES:]
        self.stream = stream
        self.ends_stream = bool(flags & Flag.END_STREAM)
        self._pieces = []
        self._size = 0
        return self.go_on(flags, body)

    def go_on(self, flags: int, body: bytes) -> dict[str, str] | None:
        """Takes a piece of the block, as `begin` does."""
        self._pieces.append(body)
        self._size += HEAD_BYTES + len(body)  # with the frame's head, so that frames without content end as well
        if self._size > MAX_HEADER_BYTES:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, f"headers of more than {MAX_HEADER_BYTES} bytes")
        return self._decode() if flags & Flag.END_HEADERS else None

    def _decode(self) -> dict[str, str]:
        try:
            return {str(name): str(value) for name, value in self._decoder.decode(b"".join(self._pieces))}
        except HPACKError as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, f"headers that cannot be decoded: {error}") from error
