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

    `timestamp` is in microseconds since 1970, `kind` one of sync, create, update, delete and event.
    """

    __slots__ = ("_data", "_text", "_wire", "kind", "place", "timestamp")

    def __init__(self, timestamp: int, place: Place, kind: str, data: bytes | Callable[[], bytes]) -> None:
        """Takes the JSON of the event's data, or what makes it for the first who wants it."""
        self.timestamp = timestamp
        self.place = place
        self.kind = kind
        self._data = data
        self._text: bytes | None = None
        self._wire: bytes | None = None

    @property
    def data(self) -> bytes:
        """The JSON of the item, of the items, or of the passing event with its type."""
        if not isinstance(self._data, bytes):
            self._data = self._data()
        return self._data

    @property
    def text(self) -> bytes:
        """The whole message as JSON (SPEC, section 8)."""
        if self._text is None:
            stream, group, id = self.place
            names = b'"streamName":%b,"groupId":%b' % (json_text(stream), json_text(group))
            if id:
                names += b',"id":%b' % json_text(id)
            member = b"event" if self.kind == "event" else b"data"
            event = b'{"type":"%b","%b":%b}' % (self.kind.encode(), member, self.data)
            stamp = b"%d.%03d" % divmod(self.timestamp, 1000)  # milliseconds
            self._text = b'{"timestamp":%b,%b,"event":%b}' % (stamp, names, event)
        return self._text

    @property
    def wire(self) -> bytes:
        """The message as a WebSocket server sends it."""
        if self._wire is None:
            self._wire = _header(len(self.text)) + self.text
        return self._wire

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
        self._frames: deque[tuple[Frame, int]] = deque()
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._bytes = 0
        self._begin = begin

    def add(self, frame: Frame, size: int) -> None:
        """Keeps a frame, counted with this size; the oldest may have to go."""
        self._frames.append((frame, size))
        self._bytes += size
        while len(self._frames) > self._max_frames or self._bytes > self._max_bytes:
            oldest, its_size = self._frames.popleft()
            self._bytes -= its_size
            self._begin = oldest.timestamp

    def reaches(self, timestamp: int) -> bool:
        """Whether all that came behind the timestamp is here."""
        return timestamp >= self._begin

    def behind(self, timestamp: int, place: Place) -> Iterator[Frame]:
        """What came behind it and concerns the place, oldest first."""
        return (frame for frame, _ in tuple(self._frames) if frame.timestamp > timestamp and frame.concerns(place))
