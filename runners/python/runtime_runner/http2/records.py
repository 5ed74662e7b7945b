"""Records in a stream of bytes: each says in its head how long it is, and comes in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Record = tuple[bytes, int, int]
"""Some bytes, and where in them the record begins and ends."""


class Records:
    """Cuts what comes into records; a long one is joined once."""

    def __init__(self, head_bytes: int, size_of: Callable[[bytes, int], int]) -> None:
        """`size_of` reads the size of a whole record, with its head, from the head that begins at an index."""
        self._head_bytes = head_bytes
        self._size_of = size_of
        self._pieces: list[bytes] = []
        self._size = 0
        self._needed = 0

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that end in this piece. What `size_of` raises comes through."""
        if self._pieces:
            self._pieces.append(data)
            self._size += len(data)
            if self._size < self._needed:
                return
            data = b"".join(self._pieces)
            self._pieces = []
        start, end, needed = 0, len(data), self._head_bytes
        while end - start >= self._head_bytes:
            needed = self._size_of(data, start)
            if end - start < needed:
                break
            yield data, start, start + needed
            start += needed
            needed = self._head_bytes
        if start < end:
            self._pieces = [data[start:] if start else data]
            self._size = end - start
            self._needed = needed
