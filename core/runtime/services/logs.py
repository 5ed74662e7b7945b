"""Log lines: from handlers, from runners and from the core itself, to one sink."""

from __future__ import annotations

from collections.abc import Callable

from runtime.contracts import Clock, LogSink
from runtime.model import LogLevel, LogRecord
from runtime.values import encode

Report = Callable[[LogLevel, str, str, str], None]
"""Takes a log line of the core's: its level, its text, the step (or stream) that it is about and its trace."""


class LogService:
    """Stamps, filters by level and hands on."""

    def __init__(self, sink: LogSink, clock: Clock, level: LogLevel) -> None:
        self._sink = sink
        self.keep: Callable[[LogRecord], None] | None = None
        """Keeps lines to be looked at later."""
        self._clock = clock
        self._level = level

    def write(self, record: LogRecord) -> None:
        """Takes a line that is complete."""
        if record.level.value >= self._level.value:
            self._sink.write(record)
            if self.keep is not None:
                self.keep(record)

    def core(self, level: LogLevel, message: str, source: str = "runtime", trace_id: str = "", **data: object) -> None:
        """Takes a line of the core's own."""
        if level.value >= self._level.value:
            encoded = encode(data) if data else b""
            self.write(LogRecord(self._clock.now(), level, source, message, encoded, trace_id))
