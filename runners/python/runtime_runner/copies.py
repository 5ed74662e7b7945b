"""Copies of what runs print, in the process's own output: they are there when it dies, or spins, before it has sent a
line."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from typing import TextIO

from runtime_runner._gen import runner_pb2 as pb

_MOST_BYTES = 4096
"""Of one write: a pipe takes so much as a whole, whoever else writes to it."""
_PATIENCE_MS = 500
"""How long a full pipe that refuses what it has no room for is waited for; then copies are left out until it has."""


class Copies:
    """Writes copies; the callers take care that one comes after the other."""

    def __init__(self, session: str, streams: Mapping[pb.LogLevel, TextIO]) -> None:
        """Copies go where these streams go now, whatever becomes of them; a stream without a descriptor has none."""
        self._session = session.encode()
        self._last = 0
        self._patience = _PATIENCE_MS
        self._descriptors = {level: _own(stream.fileno()) for level, stream in streams.items() if _is_open(stream)}

    def write(self, level: pb.LogLevel, run: int, text: str, *, ends: bool) -> int:
        """Writes the next piece of a run's line, or its last; returns the number of a line that has ended.

        That is 0 where there is no copy. Waits where the pipe is full, and never fails.
        """
        descriptor = self._descriptors.get(level)
        if descriptor is None:
            return 0
        self._last += ends
        number = self._last if ends else 0
        data = text.encode(errors="backslashreplace")
        going_on, last = (b"\x1e%b;%d;%d\x1f" % (self._session, each, run) for each in (0, number))
        room = _MOST_BYTES - len(last) - 1
        try:
            while len(data) > room:
                self._put(descriptor, b"%b%b\n" % (going_on, data[:room]))
                data = data[room:]
            self._put(descriptor, b"%b%b\n" % (last, data))
        except BlockingIOError:
            return 0
        except OSError:
            # Nobody reads there any more; the lines themselves are sent all the same.
            del self._descriptors[level]
            return 0
        return number

    def _put(self, descriptor: int, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(descriptor, data) :]
                self._patience = _PATIENCE_MS
            except BlockingIOError:
                # What the user's code has started shares the pipe, and has made it one that does not wait.
                room = select.poll()
                room.register(descriptor, select.POLLOUT)
                if not room.poll(self._patience):
                    self._patience = 0
                    raise


def _own(descriptor: int) -> int:
    """The same output under a descriptor that nobody else closes, or makes one that a full pipe fails."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_APPEND)
    except OSError:
        return os.dup(descriptor)  # outside of Linux


def _is_open(stream: TextIO) -> bool:
    try:
        os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return True
