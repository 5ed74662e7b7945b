"""What clients of streams are sent: one message a change, encoded once for all of them, and the newest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from runtime.services.jsonvalues import json_text

_MAX_SHORT = 125
_MAX_MIDDLE = 0xFFFF
_TEXT = 0x81
"""The first byte of a text message in one frame (RFC 6455, section 5.2)."""
_TAIL = b"}}"
"""What stands behind the event's data in a message."""


class Place(NamedTuple):
    """What may be joined: an item, or with an empty id the whole group."""

    stream: str
    group: str
    id: str = ""

    @property
    def whole(self) -> Place:
        """The group."""
        return self._replace(id="") if self.id else self


class Frame:
    """One message to clients.

    `timestamp` is in microseconds since 1970, `kind` one of sync, create, update, delete and event. `size` is how many
    bytes it keeps: what it is made of, then the JSON, then the message, each in place of the one before. `resized`
    hears by how much that grows or shrinks.
    """

    __slots__ = ("_begin", "_data", "_start", "_wire", "kind", "place", "resized", "size", "timestamp")

    def __init__(
        self, timestamp: int, place: Place, kind: str, data: bytes | Callable[[], bytes], size: int = 0
    ) -> None:
        """Takes the JSON of the event's data, or what makes it for the first who wants it and keeps so many bytes."""
        self.timestamp = timestamp
        self.place = place
        self.kind = kind
        self.size = len(data) if isinstance(data, bytes) else size
        self.resized: Callable[[int], None] | None = None
        self._data = data
        self._wire = b""
        self._start = self._begin = 0

    @property
    def data(self) -> bytes:
        """The JSON of the item, of the items, or of the passing event with its type."""
        if self._wire:
            return self._wire[self._begin : -len(_TAIL)]
        if not isinstance(self._data, bytes):
            self._data = self._data()
            self._resize(len(self._data))
        return self._data

    @property
    def text(self) -> bytes:
        """The whole message as JSON (SPEC, section 8)."""
        return self.wire[self._start :]

    @property
    def wire(self) -> bytes:
        """The message as a WebSocket server sends it."""
        if not self._wire:
            header, head, *rest = self.pieces
            self._start, self._begin = len(header), len(header) + len(head)
            self._wire, self._data = b"".join((header, head, *rest)), b""
            self._resize(len(self._wire))
        return self._wire

    @property
    def pieces(self) -> tuple[bytes, bytes, bytes, bytes]:
        """The same in pieces, which are no copy of the data: it may be large, and many may be sent it."""
        head, data = self._head(), self.data
        return _header(len(head) + len(data) + len(_TAIL)), head, data, _TAIL

    def _head(self) -> bytes:
        """The message up to the event's data."""
        stream, group, id = self.place
        names = b'"streamName":%b,"groupId":%b' % (json_text(stream), json_text(group))
        if id:
            names += b',"id":%b' % json_text(id)
        member = b"event" if self.kind == "event" else b"data"
        stamp = b"%d.%03d" % divmod(self.timestamp, 1000)  # milliseconds
        return b'{"timestamp":%b,%b,"event":{"type":"%b","%b":' % (stamp, names, self.kind.encode(), member)

    def _resize(self, size: int) -> None:
        growth, self.size = size - self.size, size
        if self.resized is not None:
            self.resized(growth)

    def concerns(self, place: Place) -> bool:
        """Whether those who have joined the place get it; a passing event has one room, a change two."""
        return place == self.place or (self.kind != "event" and place == self.place.whole)


def _header(size: int) -> bytes:
    if size <= _MAX_SHORT:
        return bytes((_TEXT, size))
    if size <= _MAX_MIDDLE:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big")


class History:
    """The newest changes, at most so many of at most so many bytes in all."""

    def __init__(self, max_frames: int, max_bytes: int, begin: int) -> None:
        """`begin` is the timestamp behind which nothing is missing yet."""
        self._frames: deque[Frame] = deque()
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._bytes = 0
        self._begin = begin

    def add(self, frame: Frame) -> None:
        """Keeps a frame; the oldest may have to go, now or when one of those that are kept grows."""
        self._frames.append(frame)
        frame.resized = self._grow
        self._grow(frame.size)

    def _grow(self, size: int) -> None:
        self._bytes += size
        while len(self._frames) > self._max_frames or self._bytes > self._max_bytes:
            oldest = self._frames.popleft()
            oldest.resized = None
            self._bytes -= oldest.size
            self._begin = oldest.timestamp

    def reaches(self, timestamp: int) -> bool:
        """Whether all that came behind the timestamp is here."""
        return timestamp >= self._begin

    def behind(self, timestamp: int, place: Place) -> Iterator[Frame]:
        """What came behind it and concerns the place, oldest first."""
        return (frame for frame in tuple(self._frames) if frame.timestamp > timestamp and frame.concerns(place))
