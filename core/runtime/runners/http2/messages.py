"""Messages of gRPC in the bytes of a stream: five bytes of prefix each, cut by frames anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from runtime.runners.http2.gathered import Gathered
from runtime.runners.http2.headers import CallFault, Status

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
PREFIX = Struct(">BI")
"""Whether it is compressed, and its length."""
PREFIX_BYTES = PREFIX.size


class Messages:
    """Cuts what a stream carries into messages."""

    def __init__(self) -> None:
        self._gathered = Gathered()

    @property
    def is_between(self) -> bool:
        """False while a message has come in part."""
        return self._gathered.is_empty

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that end in this piece. Raises `CallFault`."""
        data = self._gathered.add(data)
        start, end, needed = 0, len(data), PREFIX_BYTES
        while end - start >= PREFIX_BYTES:
            is_compressed, length = PREFIX.unpack_from(data, start)
            _check(is_compressed, length)
            needed = PREFIX_BYTES + length
            if start + needed > end:
                break
            yield data[start + PREFIX_BYTES : start + needed]
            start += needed
            needed = PREFIX_BYTES
        self._gathered.keep(data[start:] if start else data, needed)


def _check(is_compressed: int, length: int) -> None:
    if is_compressed:
        raise CallFault(Status.UNIMPLEMENTED, "a message is compressed; the core takes none that is")
    if length > MAX_MESSAGE_BYTES:
        text = f"a message of {length} bytes; the core takes {MAX_MESSAGE_BYTES} at most"
        raise CallFault(Status.RESOURCE_EXHAUSTED, text)
