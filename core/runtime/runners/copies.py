"""The log lines of one process. What its runs print comes twice, as a `Log` and as a copy in the process's own output,
which is there even when the process dies, or spins, before it has sent the `Log`; it is shown once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from runtime._gen import runner_pb2 as pb
from runtime.deadlines import Deadlines
from runtime.model import LogLevel, LogRecord
from runtime.runners.convert import read_log
from runtime.runners.run import Run
from runtime.services.logs import LogService

SHOWN_AFTER = 0.25
"""Seconds that a copy waits for its `Log`."""
MOST_WAITING_BYTES = 4 << 20
"""Of copies that wait for their `Log`, each stream's; over it the oldest are shown at once."""
MOST_LINE_BYTES = 64 << 10
"""Of one line, as section 14 of PROTOCOL.md has it; what is over is left out."""
_MOST_AHEAD = 64 << 10
"""Lines whose `Log` has come before the copy: more than a pipe and what reads it hold."""
_MOST_OPEN = 256
"""Lines of one stream that have begun and not ended; over it the oldest are shown as they are."""
_MOST_ORIGINS = 4096
"""Runs whose names are kept for copies that come after their ends."""
_CUT = "\ufffd"
"""What the part of a character at the end of a line that was cut is read as."""
_COPY_BYTES = 128
"""What a copy is counted as besides its text."""


class Origin(NamedTuple):
    """Whose line it is: a step with its trace and span, or the runner and none."""

    name: str
    trace_id: str = ""
    span_id: str = ""


class RunnerLines:
    """Shows each line once, and those of one stream of the process in the order in which they were printed."""

    def __init__(self, language: str, session: str, logs: LogService, run_of: Callable[[int], Run | None]) -> None:
        """`session` marks the copies, so that nothing else that is printed can look like one."""
        self.mark = f"\x1e{session};".encode()
        """What a copy begins with, wherever in a line of the output it stands."""
        self._logs = logs
        self._run_of = run_of
        self._runner = Origin(f"{language} runner")
        self._origins: dict[int, Origin] = {}
        self._streams = {level: _Stream(level, logs) for level in (LogLevel.INFO, LogLevel.WARN)}

    def log(self, log: pb.Log) -> None:
        """Takes a line as a `Log`."""
        origin = Origin(log.step_name, log.trace_id) if log.step_name else self._origin(log.invocation_id)
        record = read_log(log, *origin)
        stream = self._streams.get(record.level)
        if not log.printed or stream is None or stream.settle(log.printed):
            self._logs.write(record)

    def copy(self, level: LogLevel, copy: bytes) -> bool:
        """Takes what stands behind a mark, to the end of the line; False where that is no copy."""
        head, found, text = copy.partition(b"\x1f")
        number, _, id = head.partition(b";")
        if not (found and number.isdigit() and id.isdigit()):
            return False
        origin = self._origin(int(id))
        if origin is not self._runner:
            self._remember(int(id), origin)
        self._streams[level].take(int(number), int(id), origin, text)
        return True

    def keep(self, runs: Mapping[int, Run]) -> None:
        """Remembers the names of runs that end with the process: what they have printed may still be read."""
        for id, run in runs.items():
            self._remember(id, _origin_of(run))

    def end(self) -> None:
        """Shows what waits: the process has ended, and all that it has sent was read."""
        for stream in self._streams.values():
            stream.end()

    def _origin(self, id: int) -> Origin:
        run = self._run_of(id)
        return self._origins.get(id, self._runner) if run is None else _origin_of(run)

    def _remember(self, id: int, origin: Origin) -> None:
        self._origins[id] = origin
        if len(self._origins) > _MOST_ORIGINS:
            del self._origins[next(iter(self._origins))]


class _Copy(NamedTuple):
    time: float
    origin: Origin
    text: bytes


class _Stream:
    """The copies of one stream, whose numbers grow."""

    def __init__(self, level: LogLevel, logs: LogService) -> None:
        self._level = level
        self._logs = logs
        self._newest = 0
        """The highest number of a copy that has come."""
        self._waiting: dict[int, _Copy] = {}
        self._waiting_bytes = 0
        self._ahead: dict[int, None] = {}
        self._open: dict[int, _Copy] = {}
        """The lines without an end so far, by their runs."""
        self._deadlines: Deadlines[int] = Deadlines(self._show)

    def take(self, number: int, id: int, origin: Origin, piece: bytes) -> None:
        """Takes a copy, the last piece of its line, or with number 0 a piece that others follow."""
        begun = self._open.pop(id, None)
        text = _drawn(begun.text + piece if begun else piece)
        copy = _Copy(time.time(), origin, text[: MOST_LINE_BYTES + 1])
        if not number:
            self._leave_open(id, copy)
            return
        self._newest = max(self._newest, number)
        if number in self._ahead:
            del self._ahead[number]
            return
        self._waiting[number] = copy
        self._waiting_bytes += len(copy.text) + _COPY_BYTES
        self._deadlines.add(number, SHOWN_AFTER)
        while self._waiting_bytes > MOST_WAITING_BYTES:
            self._show(next(iter(self._waiting)))

    def settle(self, number: int) -> bool:
        """Takes the number of a line that has come as a `Log`; False where its copy was shown already."""
        # The `Log`s of those before it were left out, or come late: either way their place is here.
        while self._waiting and (oldest := next(iter(self._waiting))) < number:
            self._show(oldest)
        if self._forget(number) is not None:
            return True
        if number <= self._newest:
            return False
        self._ahead[number] = None
        if len(self._ahead) > _MOST_AHEAD:
            del self._ahead[next(iter(self._ahead))]
        return True

    def end(self) -> None:
        """Shows what waits, and what has not ended behind it."""
        for number in list(self._waiting):
            self._show(number)
        while self._open:
            self._show_oldest_open()

    def _leave_open(self, id: int, copy: _Copy) -> None:
        self._open[id] = copy
        if len(self._open) > _MOST_OPEN:
            self._show_oldest_open()

    def _show_oldest_open(self) -> None:
        copy = self._open.pop(next(iter(self._open)))
        if copy.text != b"\r":
            self._write(copy)

    def _show(self, number: int) -> None:
        copy = self._forget(number)
        if copy is not None:
            self._write(copy)

    def _forget(self, number: int) -> _Copy | None:
        copy = self._waiting.pop(number, None)
        if copy is not None:
            self._waiting_bytes -= len(copy.text) + _COPY_BYTES
            self._deadlines.remove(number, SHOWN_AFTER)
        return copy

    def _write(self, copy: _Copy) -> None:
        line = copy.text.removesuffix(b"\r")
        text = line[:MOST_LINE_BYTES].decode("utf-8", "replace")
        if len(line) > MOST_LINE_BYTES:
            text = f"{text.removesuffix(_CUT)}…"
        self._logs.write(LogRecord(copy.time, self._level, copy.origin.name, text, b"", *copy.origin[1:]))


def _drawn(line: bytes) -> bytes:
    """What a terminal would show of a line: a carriage return begins it anew, but for one that may belong to the line
    break."""
    return line[line.rfind(b"\r", 0, -1) + 1 :]


def _origin_of(run: Run) -> Origin:
    invocation = run.invocation
    return Origin(invocation.step.name, invocation.trace_id, invocation.span.span_id if invocation.span else "")
