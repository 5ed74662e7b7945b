"""What user code prints: in a run it becomes log lines of that run, elsewhere it goes where it always does."""

from __future__ import annotations

import io
import os
import sys
import threading

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.copies import Copies
from runtime_runner.logs import MAX_LINE_BYTES, Logs, Source, current


class Prints:
    """Puts what runs print together to lines and sends them; from any thread."""

    def __init__(self, logs: Logs, session: str = "") -> None:
        """`session` marks the copies of what runs print; without one there are none."""
        self._logs = logs
        self._session = session
        self._copies: Copies | None = None
        self._process = os.getpid()
        # Held by a thread whose garbage collection may call a `__del__` that prints.
        self._lock = threading.RLock()

    def install(self) -> None:
        """Takes over `sys.stdout` and `sys.stderr`."""
        if self._session:
            self._copies = Copies(self._session, {pb.LOG_LEVEL_INFO: sys.stdout, pb.LOG_LEVEL_WARN: sys.stderr})
        for name, level in (("stdout", pb.LOG_LEVEL_INFO), ("stderr", pb.LOG_LEVEL_WARN)):
            stream = getattr(sys, name)
            if isinstance(stream, io.TextIOWrapper):
                taken = Printed(stream, self, level)
                setattr(sys, name, taken)
                setattr(sys, f"__{name}__", taken)

    def add(self, run: Source, level: pb.LogLevel, text: str) -> bool:
        """Adds to what a run prints, or has left behind prints, and sends the lines that end in it; False for what is
        no run, and in a process that was forked, from which nothing is sent."""
        if os.getpid() != self._process or (run.ended and run.origin is None):
            return False
        *lines, rest = text.split("\n")
        with self._lock:
            if run.unfinished is None:
                run.unfinished = {}
            begun = run.unfinished.get(level, "")
            run.unfinished[level] = _drawn((begun if not lines else "") + rest)
            numbers = [self._copy(run, level, line, ends=True) for line in lines]
            if rest:
                self._copy(run, level, rest, ends=False)
        if lines:
            lines[0] = begun + lines[0]
        for line, number in zip(lines, numbers, strict=True):
            self._send(run, level, _drawn(line), number)
        return True

    def finish(self, run: Source) -> None:
        """Sends what a run that has just ended has printed behind its last line break; on the event loop."""
        with self._lock:
            unfinished, run.unfinished = run.unfinished or {}, None
            lines = [(level, line, self._copy(run, level, "", ends=True)) for level, line in unfinished.items() if line]
        for level, line, number in lines:
            self._send(Source(run.id), level, line, number)

    def _copy(self, run: Source, level: pb.LogLevel, piece: str, *, ends: bool) -> int:
        if self._copies is None:
            return 0
        # One that begins the line anew does so in the copy too.
        begin = max(0, piece.rfind("\r", 0, -1))
        return self._copies.write(level, run.id, piece[begin : begin + MAX_LINE_BYTES + 1], ends=ends)

    def _send(self, run: Source, level: pb.LogLevel, line: str, number: int) -> None:
        self._logs.write(run, level, line.removesuffix("\r"), printed=number)


class Printed(io.TextIOWrapper):
    """`sys.stdout` or `sys.stderr`; what is written to its `buffer` passes by the runs."""

    def __init__(self, stream: io.TextIOWrapper, prints: Prints, level: pb.LogLevel) -> None:
        """Takes the place of the stream, which cannot be used any more."""
        encoding, errors, by_line = stream.encoding, stream.errors, stream.line_buffering
        super().__init__(stream.detach(), encoding, errors, line_buffering=by_line)
        self.mode = "w"  # type: ignore[misc]  # what opens files sets it, and code may look
        self._prints = prints
        self._level = level

    def write(self, text: str, /) -> int:
        """Writes the text, where a run is under way as part of its lines; returns its length."""
        run = current.get()
        if run is not None and isinstance(text, str) and self._prints.add(run, self._level, text):
            return len(text)
        return super().write(text)


def _drawn(line: str) -> str:
    """What a terminal would show of a line, and of a very long one its beginning."""
    # A carriage return begins the line anew, as progress bars do; one at the end may belong to the line break.
    begin = line.rfind("\r", 0, -1) + 1
    return line[begin : begin + MAX_LINE_BYTES + 1]
