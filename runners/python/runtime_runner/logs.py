"""Log lines: those of handlers through `ctx.logger`, and the runner's own."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import Any

from runtime_runner import failure, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.outbox import Outbox
from runtime_runner.project import Project

MAX_DATA_BYTES = 64 << 10
MAX_LINE_BYTES = 64 << 10
"""Of a line's text in UTF-8; what is over is left out."""
MAX_HANDOVERS = 1024
"""Lines of worker threads that may wait for the event loop; a thread that logs more waits itself."""


class Logs:
    """Sends log lines. On the event loop a line that finds the outbox full is dropped and counted."""

    def __init__(self, outbox: Outbox, loop: asyncio.AbstractEventLoop, project: Project) -> None:
        self._outbox = outbox
        self._project = project
        self._loop = loop
        self._thread = threading.get_ident()
        self._handovers = threading.BoundedSemaphore(MAX_HANDOVERS)
        self._dropped = 0

    def write(
        self, source: Source | None, level: pb.LogLevel, message: str, data: Any = None, *, printed: int = 0
    ) -> None:
        """Logs for a run, or for the runner itself when `source` is None; from any thread.

        `printed` is the number of the line's copy, 0 where it has none.
        """
        line = pb.Log(level=level, message=_text(message), time_ms=time.time() * 1000, printed=printed)
        if data is not None:
            line.data = self._encode(data)
        if threading.get_ident() == self._thread:
            self._put_or_drop(source, line)
        else:
            self._handovers.acquire()
            self._loop.call_soon_threadsafe(self._take_over, source, line)

    def _encode(self, data: Any) -> bytes:
        try:
            encoded = values.encode(data, "data", self._stand_in)
        except Exception:
            # A log line must never fail the run that writes it.
            return values.encode(_text(_repr(data)), "data")
        return encoded if len(encoded) <= MAX_DATA_BYTES else values.encode(_text(_repr(data)), "data")

    def _stand_in(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            found = failure.of(value, self._project)
            return {"type": found.type, "message": found.message, "stack": found.stack}
        try:
            return values.plain(value)
        except TypeError:
            return _repr(value)

    def _put_or_drop(self, source: Source | None, line: pb.Log) -> None:
        if not self._outbox.full:
            self._put(source, line)
            return
        if line.printed:
            return  # the core has its copy
        if not self._dropped:
            self._outbox.when_room(self._tell_dropped)
        self._dropped += 1

    def _take_over(self, source: Source | None, line: pb.Log) -> None:
        self._put(source, line)
        if self._outbox.full:
            self._outbox.when_room(self._handovers.release)
        else:
            self._handovers.release()

    def _put(self, source: Source | None, line: pb.Log) -> None:
        if source is not None and not source.ended:
            line.invocation_id = source.id
        elif source is not None and source.origin is not None:
            # After its result a run is unknown to the core.
            line.step_name, line.trace_id = source.origin
        self._outbox.put(pb.RunnerEnvelope(log=line))

    def _tell_dropped(self) -> None:
        count, self._dropped = self._dropped, 0
        self.write(None, pb.LOG_LEVEL_WARN, f"{count} log lines were dropped: the core takes them more slowly.")


class Source:
    """A run as far as its log lines are concerned."""

    __slots__ = ("ended", "id", "step_file", "unfinished")

    def __init__(self, id: int, step_file: str = "", *, ended: bool = False) -> None:
        self.id = id
        self.step_file = step_file
        self.ended = ended
        self.unfinished: dict[pb.LogLevel, str] | None = None
        """What it has printed behind the last line break, by level; None before its first print."""

    @property
    def origin(self) -> tuple[str, str] | None:
        """The name of its step and its trace, for lines that come after its end; None for what is no run."""
        return None


current: ContextVar[Source | None] = ContextVar("current", default=None)
"""Whose code is at work: a run's, also in the tasks, callbacks and `to_thread` calls that it has started; a hook's is
one that has ended."""


class Logger:
    """`ctx.logger`: each method takes a message and, if wanted, a value that belongs to it."""

    __slots__ = ("_logs", "_source")

    def __init__(self, logs: Logs, source: Source) -> None:
        self._logs = logs
        self._source = source

    def debug(self, message: object, data: Any = None) -> None:
        """Logs what helps to find an error."""
        self._logs.write(self._source, pb.LOG_LEVEL_DEBUG, _show(message), data)

    def info(self, message: object, data: Any = None) -> None:
        """Logs what is worth knowing."""
        self._logs.write(self._source, pb.LOG_LEVEL_INFO, _show(message), data)

    def warn(self, message: object, data: Any = None) -> None:
        """Logs what may be wrong."""
        self._logs.write(self._source, pb.LOG_LEVEL_WARN, _show(message), data)

    def error(self, message: object, data: Any = None) -> None:
        """Logs what is wrong."""
        self._logs.write(self._source, pb.LOG_LEVEL_ERROR, _show(message), data)

    warning = warn


def _show(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception as error:
        return f"(cannot be shown: {type(error).__name__})"


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"(cannot be shown: {type(error).__name__})"


def _text(text: str) -> str:
    # The wire takes UTF-8 only, and a log line may hold anything.
    shown = text[: MAX_LINE_BYTES + 1].encode(errors="backslashreplace")
    return shown.decode() if len(shown) <= MAX_LINE_BYTES else f"{shown[:MAX_LINE_BYTES].decode(errors='ignore')}…"
