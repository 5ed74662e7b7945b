"""What a runner's process prints, as log lines."""

from __future__ import annotations

import anyio
from anyio.abc import ByteReceiveStream

from runtime.model import LogLevel
from runtime.runners.copies import RunnerLines
from runtime.services.logs import LogService

_LINE_BYTES = 16 * 1024
_LAST_WORDS_SECONDS = 0.2
"""How long a stream of a process that has ended may be silent before nothing of it is waited for any more."""
_LAST_WORDS_BYTES = 1 << 20
"""What both streams may bring when the process has ended: more than pipes and readers hold of it."""
_OF_THE_DEBUGGER = (
    "Debugger listening on ",
    "For help, see: https://nodejs.org/",
    "Debugger attached.",
    "Debugger ending on ",
    "Waiting for the debugger to disconnect...",
)
"""How lines begin that a program under inspection prints of its own accord; where the debugger is, the core tells."""


class Output:
    """The two streams of one process; its last words are kept, for they often say why it ended."""

    def __init__(self, language: str, logs: LogService, lines: RunnerLines, *, is_inspected: bool = False) -> None:
        """`lines` takes the copies of what runs print, which are marked."""
        self.last_words = ""
        """The last line of stderr that was not empty."""
        self._language = language
        self._logs = logs
        self._lines = lines
        self._end: anyio.CancelScope | None = None
        self._left = _LAST_WORDS_BYTES
        self._hidden = _OF_THE_DEBUGGER if is_inspected else ()

    async def capture(self, stream: ByteReceiveStream | None, level: LogLevel) -> None:
        """Logs a stream line by line until it ends, stderr as WARN; an endless line is cut into pieces."""
        assert stream is not None
        pending = b""
        try:
            async for data in stream:
                self._extend(len(data))
                *lines, pending = (pending + data).split(b"\n")
                if len(pending) > _LINE_BYTES:
                    lines, pending = [*lines, pending], b""
                for line in lines:
                    self._take(line, level)
        finally:
            # Also where it was cut short because what the process has started holds the stream open.
            if pending:
                self._take(pending, level)

    def end(self, captures: anyio.CancelScope) -> None:
        """The process has ended: cancels what captures its streams as soon as all that it has written was read. Without
        this what it has started, and lives on, would hold them open."""
        self._end = captures
        self._extend(0)

    def _extend(self, size: int) -> None:
        if self._end is not None and self._left > 0:
            self._left -= size
            self._end.deadline = anyio.current_time() + _LAST_WORDS_SECONDS

    def _take(self, line: bytes, level: LogLevel) -> None:
        text, *copies = line.split(self._lines.mark)
        if text or not copies:
            self._print(text, level)
        for copy in copies:
            if not self._lines.copy(level, copy):
                self._print(copy, level)

    def _print(self, line: bytes, level: LogLevel) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text.startswith(self._hidden):
            return
        if level is LogLevel.WARN and text:
            self.last_words = text[-2000:]
        self._logs.core(level, text, source=self._language)
