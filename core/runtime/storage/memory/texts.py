"""Text streams in memory."""

from __future__ import annotations

from collections.abc import Callable

from runtime.records import Text
from runtime.storage.callbacks import call_each
from runtime.storage.texts import beginning, check_room


class _Text:
    __slots__ = ("began", "closed", "data")

    def __init__(self, now: float) -> None:
        self.began = beginning(now)
        self.data = bytearray()
        self.closed = False


class MemoryTextStore:
    """Texts by id, and when they were written to."""

    def __init__(self) -> None:
        self._texts: dict[str, _Text] = {}
        self._written: dict[str, float] = {}

    async def append(
        self, id: str, data: bytes, now: float, max_bytes: int, told: Callable[[], None] | None = None
    ) -> int:
        """Adds to the end of a text."""
        text = self._texts.get(id) or _Text(now)
        end = check_room(id, len(text.data), text.closed, len(data), max_bytes)
        text.data += data
        self._keep(id, text, now, told)
        return end

    async def close(self, id: str, now: float, told: Callable[[], None] | None = None) -> bool:
        """Closes a text."""
        text = self._texts.get(id) or _Text(now)
        if text.closed:
            return False
        text.closed = True
        self._keep(id, text, now, told)
        return True

    async def read(self, id: str, start: int, max_bytes: int) -> Text | None:
        """At most so many bytes from an offset on, or None."""
        text = self._texts.get(id)
        if text is None:
            return None
        data = bytes(text.data[start : start + max_bytes])
        return Text(data, min(start, len(text.data)) + len(data), text.closed, text.began)

    async def forget(self, before: float, limit: int) -> int:
        """Removes at most so many texts that nothing was written to since."""
        old = [id for id, written in self._written.items() if written < before][:limit]
        for id in old:
            del self._texts[id], self._written[id]
        return len(old)

    def _keep(self, id: str, text: _Text, now: float, told: Callable[[], None] | None) -> None:
        self._texts[id] = text
        self._written[id] = now
        if told is not None:
            call_each([told])
