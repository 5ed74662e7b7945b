"""Bytes that come in pieces of any size."""

from __future__ import annotations


class Gathered:
    """Keeps what has come until it is enough to go on; each byte is joined once."""

    __slots__ = ("_needed", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._needed = 0

    @property
    def is_empty(self) -> bool:
        """True while nothing waits for more."""
        return not self._pieces

    def add(self, data: bytes) -> bytes:
        """All that has come and was not taken, once it is enough; nothing before."""
        if not self._pieces:
            return data
        self._pieces.append(data)
        self._size += len(data)
        if self._size < self._needed:
            return b""
        whole = b"".join(self._pieces)
        self._pieces = []
        return whole

    def keep(self, rest: bytes, needed: int) -> None:
        """Keeps the rest of what `add` gave until there are so many bytes of it."""
        if rest:
            self._pieces = [rest]
            self._size = len(rest)
            self._needed = needed
