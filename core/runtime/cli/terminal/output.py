"""What leaves for a stream, by a thread of its own: nobody who writes waits for a slow reader."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import Callable
from itertools import cycle
from types import TracebackType
from typing import Self, TextIO

_FRAME = 0.1
"""Seconds between two pictures of a progress line."""
_PATIENCE = 2.0
"""Seconds that a slow reader is waited for at the end."""
_ERASE = "\r\x1b[2K"


class Output:
    """A bounded buffer before a stream.

    What finds it full is counted and not kept, until all before it has left: then a line says how many are missing.
    When the reader is gone for good (a closed pipe) everything is let go, for a server must not end with its reader.
    """

    def __init__(self, stream: TextIO, max_bytes: int, missed: Callable[[int], str]) -> None:
        """`missed` makes the line that tells of so many lines that were not kept."""
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._max_bytes = max_bytes
        self._told_missed = missed
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._missed = 0
        self._status = ""
        self._drawn = False
        self._pictures = cycle("|/-\\")
        self._changed = threading.Condition()
        self._is_idle = self._is_called = self._is_closing = self._is_broken = False
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)

    def __enter__(self) -> Self:
        self._stream.flush()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything has left, but not long for a reader that takes nothing."""
        with self._changed:
            self._is_closing, self._status = True, ""
            self._changed.notify()
        self._thread.join(_PATIENCE)

    def write(self, text: str) -> None:
        """Takes whole lines; never waits."""
        data = text.encode(self._encoding, "backslashreplace")
        with self._changed:
            if self._is_broken:
                return
            if self._missed or self._bytes + len(data) > self._max_bytes:
                self._missed += text.count("\n")
                return
            self._pieces.append(data)
            self._bytes += len(data)
            self._call()

    def show(self, status: str) -> None:
        """Draws a line that moves under all others, until it is given another text or none; for terminals only."""
        with self._changed:
            self._status = status
            self._changed.notify()

    def _call(self) -> None:
        """Wakes the thread if it sleeps: at the end of a turn of the event loop, so that it is woken once a turn."""
        if not self._is_idle or self._is_called:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._changed.notify()
        else:
            self._is_called = True
            loop.call_soon(self._wake)

    def _wake(self) -> None:
        with self._changed:
            self._is_called = False
            self._changed.notify()

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                self._put(data)
            except (OSError, ValueError):  # the reader is gone, or the stream is closed
                with self._changed:
                    self._is_broken = True
                    self._pieces.clear()
                return

    def _next(self) -> bytes | None:
        """Waits for what is to be written; None at the end."""
        with self._changed:
            self._bytes = sum(map(len, self._pieces))
            is_due = self._pieces or self._missed or self._is_closing or self._drawn != bool(self._status)
            if not is_due:
                self._is_idle = True
                self._changed.wait(_FRAME if self._status else None)
                self._is_idle = False
            if not self._pieces and self._missed:
                self._pieces.append(self._told_missed(self._missed).encode(self._encoding, "backslashreplace"))
                self._missed = 0
            pieces, self._pieces = self._pieces, []
            erased, drawn = self._picture()
            data = b"".join((erased, *pieces, drawn))
            return None if self._is_closing and not data else data

    def _picture(self) -> tuple[bytes, bytes]:
        """What goes before and behind the lines: the progress line is erased, and drawn anew."""
        erased = _ERASE if self._drawn else ""
        self._drawn = bool(self._status)
        drawn = f"{next(self._pictures)} {self._status}" if self._status else ""
        return erased.encode(), drawn.encode(self._encoding, "backslashreplace")

    def _put(self, data: bytes) -> None:
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):  # a stream in memory
            self._stream.write(data.decode(self._encoding))
            self._stream.flush()
            return
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:  # some other process has made it so
                select.select([], [descriptor], [])
