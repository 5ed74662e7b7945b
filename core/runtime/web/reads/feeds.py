"""What live answers are made of: changes of streams and growing texts, as server-sent events or as plain text."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from runtime.records import Text
from runtime.services.rooms import Frame, Place, Rooms
from runtime.services.textstreams import TextService
from runtime.web.reads.live import Wake
from runtime.web.reads.server_sent import COMMENT, CONTENT_TYPE, event, message

PIECE_BYTES = 64 * 1024
"""So much of a text is read at once."""
_CLOSED = "closed"
_NUMBER = re.compile(r"[0-9]{1,18}")


def number_of(last_event_id: str) -> int | None:
    """The number that a client names as its last event's id, None when that is none: clients may send anything."""
    return int(last_event_id) if _NUMBER.fullmatch(last_event_id) else None


class Known(NamedTuple):
    """What a client has of a text: of the one that began then, in microseconds since 1970, so many bytes, or all."""

    began: int = 0
    offset: int = 0
    is_all: bool = False

    @classmethod
    def of(cls, last_event_id: str) -> Known:
        """What the id of an event says; nothing is known where it is none of ours."""
        began, _, rest = last_event_id.partition("-")
        begin, offset = number_of(began), number_of(rest)
        if begin is None or (offset is None and rest != _CLOSED):
            return cls()
        return cls(begin, offset or 0, offset is None)

    def __str__(self) -> str:
        """The id."""
        return f"{self.began}-{_CLOSED if self.is_all else self.offset}"


class Changes:
    """The changes of a group or an item, behind what there is or behind those that the client knows."""

    content_type = CONTENT_TYPE
    ping = COMMENT

    def __init__(self, rooms: Rooms, place: Place, last_event_id: str) -> None:
        self._rooms = rooms
        self._place = place
        self._known = number_of(last_event_id)
        self._frames: deque[Frame] = deque()
        self._wake: Wake | None = None

    async def begin(self, wake: Wake) -> None:
        """Joins."""
        if self._known is None:
            await self._rooms.join(self, self._place)
        else:
            await self._rooms.resume(self, self._place, self._known)
        self._wake = wake

    def deliver(self, frame: Frame) -> None:
        """Takes a change; what comes until the client has joined is not counted."""
        self._frames.append(frame)
        if self._wake is not None:
            self._wake(len(frame.data))

    async def take(self) -> Sequence[bytes] | None:
        """The changes that wait, as events with microseconds as their ids."""
        pieces = [piece for frame in self._frames for piece in event(frame.kind, str(frame.timestamp), frame.data)]
        self._frames.clear()
        return pieces

    def end(self) -> None:
        """Leaves."""
        self._rooms.leave_all(self)


_NOTHING = Known()


class _Text:
    """A text from an offset on."""

    def __init__(self, texts: TextService, id: str, known: Known = _NOTHING) -> None:
        self._texts = texts
        self._id = id
        self._known = known
        self._stop: Callable[[], None] | None = None

    async def begin(self, wake: Wake) -> None:
        """Watches the text, which waits in the store: nothing of it is kept for a client that takes its time."""
        self._stop = self._texts.watch(self._id, lambda: wake(0))

    def end(self) -> None:
        """Watches no more."""
        if self._stop is not None:
            self._stop()

    async def _read(self) -> Text | None:
        """What comes behind what is known; from the beginning when the text is another now."""
        return await self._texts.read(self._id, self._known.offset, PIECE_BYTES, self._known.began)


class PlainText(_Text):
    """A text as it is."""

    content_type = b"text/plain; charset=utf-8"
    ping = b""

    async def take(self) -> Sequence[bytes] | None:
        """What the text has grown by."""
        text = await self._read()
        if text is None:
            return ()
        self._known = Known(text.began, text.end)
        if text.data:
            return (text.data,)
        return None if text.closed else ()


class TextEvents(_Text):
    """A text as events, whose ids say what the client knows with them, and one that says that it is closed."""

    content_type = CONTENT_TYPE
    ping = COMMENT
    _is_over = False

    async def take(self) -> Sequence[bytes] | None:
        """What the text has grown by, as one event."""
        if self._is_over:
            return None
        text = await self._read()
        if text is None:
            return ()
        if text.closed and not text.data:
            self._is_over = True
            return event("close", str(Known(text.began, is_all=True)), str(text.end).encode())
        # The halves of a CRLF in two events would arrive as two line ends.
        held = text.data[-1:] == b"\r" and not (text.closed and text.data == b"\r")
        self._known = Known(text.began, text.end - held)
        data = text.data[:-1] if held else text.data
        return (message(str(self._known), data),) if data else ()
