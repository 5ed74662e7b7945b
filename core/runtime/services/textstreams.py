"""Text streams as handlers write them and clients read them."""

from __future__ import annotations

import asyncio
from codecs import utf_8_decode
from collections.abc import Callable

from anyio.lowlevel import checkpoint

from runtime.config import StreamSettings
from runtime.contracts import Clock, TextStore
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import LogLevel
from runtime.records import Text
from runtime.services.logs import Report

Watcher = Callable[[], None]
"""Is told that a text has grown or ended."""

CLEAN_SECONDS = 600.0
"""How much later than `streams.keepTexts` says a text may be removed."""
CLEAN_TEXTS = 8
"""Texts that are removed in one go."""


class TextService:
    """Keeps texts that grow, tells who watches one of each growth, and forgets those that rest."""

    def __init__(self, store: TextStore, clock: Clock, settings: StreamSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._watchers: dict[str, list[Watcher]] = {}

    async def write(self, id: str, text: object) -> None:
        """Adds to the end of a text, which begins with its first piece.

        Raises `HostCallRefused` without an id, for what is no text, and for a text that is closed or too long.
        """
        _require_id(id)
        if not isinstance(text, str):
            raise HostCallRefused(
                f"a text stream takes text, not a {type(text).__name__}; make it one first, such as with JSON"
            )
        data = text.encode()
        now, limit = self._clock.now(), self._settings.max_text_bytes
        await self._store.append(id, data, now, limit, lambda: self._tell(id))

    async def close(self, id: str) -> None:
        """Ends a text, an empty one where there is none; without effect once it is closed.

        Raises `HostCallRefused` without an id.
        """
        _require_id(id)
        await self._store.close(id, self._clock.now(), lambda: self._tell(id))

    async def read(self, id: str, start: int, max_bytes: int, began: int = 0) -> Text | None:
        """Whole characters from an offset on, at most so many bytes, four or more; None when there is no such text.

        `began` says of which text the offset is, in microseconds since 1970. An offset of another text that had the id,
        behind the end or inside a character stands for the beginning.
        """
        text = await self._store.read(id, start, max_bytes)
        if text is not None and start and not _continues(text, start, began):
            text = await self._store.read(id, 0, max_bytes)
        return None if text is None else _whole_characters(text)

    def watch(self, id: str, callback: Watcher) -> Callable[[], None]:
        """Calls back when more of the text, or its end, is stored, whoever waits for that; returns what ends it.

        A callback must neither block nor raise.
        """
        watchers = self._watchers.setdefault(id, [])
        watchers.append(callback)

        def stop() -> None:
            watchers.remove(callback)
            if not watchers and self._watchers.get(id) is watchers:
                del self._watchers[id]

        return stop

    async def run(self, report: Report) -> None:
        """Forgets texts that were not written to for `streams.keepTexts`, until it is cancelled.

        Reports when that fails, once until it succeeds again.
        """
        failing = False
        due = asyncio.Event()
        while True:
            due.clear()
            timer = self._clock.call_at(self._clock.now() + min(self._settings.keep_texts, CLEAN_SECONDS), due.set)
            try:
                fault = await self._forget()
                if fault is not None and not failing:
                    report(LogLevel.ERROR, f"old texts cannot be removed, tried again: {fault}", "runtime", "")
                failing = fault is not None
                await due.wait()
            finally:
                timer.cancel()

    async def _forget(self) -> StorageFault | None:
        before = self._clock.now() - self._settings.keep_texts
        try:
            while await self._store.forget(before, CLEAN_TEXTS) == CLEAN_TEXTS:
                await checkpoint()  # others have their turn
        except StorageFault as fault:
            return fault
        return None

    def _tell(self, id: str) -> None:
        for watcher in tuple(self._watchers.get(id, ())):
            watcher()


def _require_id(id: str) -> None:
    if not id:
        raise HostCallRefused(
            "a text stream needs an id that is not empty, such as the trace's: stream.write(id, text)"
        )


def _continues(text: Text, start: int, began: int) -> bool:
    """Whether a text that was read from an offset on is the one that the offset is of, and so its next characters."""
    is_inside_character = text.data[:1] != b"" and text.data[0] & 0b1100_0000 == 0b1000_0000
    return text.began == began and text.end >= start and not is_inside_character


def _whole_characters(text: Text) -> Text:
    """The text without the beginning of a character at its end."""
    _, whole = utf_8_decode(text.data, "strict", False)
    return text._replace(data=text.data[:whole], end=text.end - len(text.data) + whole)
