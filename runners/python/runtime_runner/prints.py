"""What user code prints: in a run it becomes log lines of that run, elsewhere it goes where it always does."""

from __future__ import annotations

import io
import sys
import threading

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.logs import MAX_MESSAGE_CHARACTERS, Logs, Source, current


class Prints:
    """Puts what runs print together to lines and sends them; from any thread."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        # Held by a thread whose garbage collection may call a `__del__` that prints.
        self._lock = threading.RLock()

    def install(self) -> None:
        """Takes over `sys.stdout` and `sys.stderr`."""
        for name, level in (("stdout", pb.LOG_LEVEL_INFO), ("stderr", pb.LOG_LEVEL_WARN)):
            stream = getattr(sys, name)
            if isinstance(stream, io.TextIOWrapper):
                taken = Printed(stream, self, level)
                setattr(sys, name, taken)
                setattr(sys, f"__{name}__", taken)

    def add(self, run: Source, level: pb.LogLevel, text: str) -> bool:
        """Adds to what a run prints, and sends the lines that end in it; False where the run has ended."""
        *lines, rest = text.split("\n")
        with self._lock:
            if run.unfinished is None:
                run.unfinished = {}
            begun = run.unfinished.get(level, "")
            if lines:
                lines[0] = _drawn(begun + lines[0])
            run.unfinished[level] = _drawn((begun if not lines else "") + rest)
            # Looked at last: a run that ends on its own thread meanwhile may have looked for the rest already.
            if run.ended:
                run.unfinished[level] = begun
                return False
        for line in lines:
            self._send(run, level, _drawn(line))
        return True

    def finish(self, run: Source) -> None:
        """Sends what a run that has just ended has printed behind its last line break; on the event loop."""
        with self._lock:
            unfinished, run.unfinished = run.unfinished, None
        for level, line in (unfinished or {}).items():
            if line:
                self._send(Source(run.id), level, line)

    def _send(self, run: Source, level: pb.LogLevel, line: str) -> None:
        line = line.removesuffix("\r")
        if len(line) >= MAX_MESSAGE_CHARACTERS:
            line = f"{line[: MAX_MESSAGE_CHARACTERS - 1]}…"
        self._logs.write(run, level, line)


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
        if run is not None and not run.ended and isinstance(text, str) and self._prints.add(run, self._level, text):
            return len(text)
        return super().write(text)


def _drawn(line: str) -> str:
    """What a terminal would show of a line, and of a very long one its beginning."""
    # A carriage return begins the line anew, as progress bars do; one at the end may belong to the line break.
    begin = line.rfind("\r", 0, -1) + 1
    return line[begin : begin + MAX_MESSAGE_CHARACTERS + 1]
