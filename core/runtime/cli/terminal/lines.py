"""Log lines and request lines for people, the columns of one under those of the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.cli.ink import Ink, Style, cut, printable
from runtime.cli.terminal.data import json_of
from runtime.cli.terminal.stamps import Stamps
from runtime.cli.terminal.summary import duration
from runtime.model import LogLevel, LogRecord, RequestRecord

MAX_PATH = 120
"""Characters of a request's path that are shown."""
_LEVELS = {
    LogLevel.DEBUG: Style.DIM,
    LogLevel.INFO: Style.CYAN,
    LogLevel.WARN: Style.YELLOW,
    LogLevel.ERROR: Style.RED,
}
_CLASSES = (Style.RED, Style.DIM, Style.GREEN, Style.CYAN, Style.YELLOW, Style.RED)


class TextLog:
    """A `LogSink` that writes `HH:MM:SS.mmm [INFO] StepName message {data} trace=…`."""

    def __init__(self, write: Callable[[str], object], ink: Ink) -> None:
        self._write = write
        self._ink = ink
        self._stamp = Stamps(universal=False)
        self._levels: Mapping[LogLevel, str] = {
            level: ink(style, f"[{level.name}]") for level, style in _LEVELS.items()
        }

    def write(self, record: LogRecord) -> None:
        """Writes one line, or as many as its message has."""
        ink = self._ink
        time = ink(Style.DIM, self._stamp(record.time))
        data = f" {printable(json_of(record.data))}" if record.data else ""
        # What a request smuggles into a message must neither look like a line of its own nor steer the terminal.
        head, *more = printable(record.message).split("\n")
        source = _in_one_line(record.source)
        first = f"{time} {self._levels[record.level]} {source} {head}{data}{self._trace(record.trace_id)}\n"
        self._write(first + "".join(f"  {line}\n" for line in more))

    def request(self, record: RequestRecord) -> None:
        """Writes `HH:MM:SS.mmm [GET]  200  3.2 ms /orders/1 GetOrder trace=…`."""
        ink = self._ink
        time = ink(Style.DIM, self._stamp(record.time))
        status = ink(_CLASSES[record.status // 100 if 100 <= record.status < 600 else 0], str(record.status))
        path = _in_one_line(cut(record.path, MAX_PATH))
        step = f" {_in_one_line(record.step)}" if record.step else ""
        ending = f" {ink(Style.YELLOW, f'({record.ending})')}" if record.ending else ""
        method = f"[{_in_one_line(cut(record.method, MAX_PATH))}]"
        took = duration(record.seconds)
        self._write(f"{time} {method:<6} {status} {took:>7} {path}{step}{ending}{self._trace(record.trace_id)}\n")

    def _trace(self, trace_id: str) -> str:
        return self._ink(Style.DIM, f" trace={trace_id}") if trace_id else ""


def _in_one_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")
