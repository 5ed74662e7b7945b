"""Header blocks: the one that asks for the call, and those that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple

from runtime_runner.http2.frames import CallFault

MAX_HEADER_BYTES = 16 * 1024


def encode(path: str, metadata: Mapping[str, str]) -> bytes:
    """The block of a call to a method of gRPC (gRPC over HTTP2, "Requests")."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        **metadata,
    }
    # Nothing is to be remembered by the other side: the metadata hold a secret.
    return Encoder().encode([NeverIndexedHeaderTuple(name, value) for name, value in headers.items()], huffman=False)


class HeaderReader:
    """Decodes the header blocks of a connection, each of which may come in several frames."""

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_HEADER_BYTES)
        self._block = b""

    def add(self, piece: bytes) -> None:
        """Takes a part of a block. Raises `CallFault` when the block becomes too long."""
        self._block += piece
        if len(self._block) > MAX_HEADER_BYTES:
            raise CallFault(f"it sent headers of more than {MAX_HEADER_BYTES} bytes")

    def end(self) -> dict[str, str]:
        """The headers, once their block has come whole. Raises `CallFault`."""
        block, self._block = self._block, b""
        try:
            return {str(name): str(value) for name, value in self._decoder.decode(block)}
        except HPACKError as error:
            raise CallFault(f"it sent headers that cannot be decoded: {error}") from error


def fault_of(trailers: Mapping[str, str]) -> CallFault | None:
    """What the end of an answer tells of its call; None when all went well."""
    status = trailers.get("grpc-status")
    if status == "0":
        return None
    if status is None:
        return CallFault(f"it answered with status {trailers.get(':status', '?')} of HTTP and none of gRPC")
    return CallFault(unquote(trailers.get("grpc-message", "")) or f"it ended the call with status {status} of gRPC")
