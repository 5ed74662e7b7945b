"""The terminal for machines: one JSON object a line, whatever is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from runtime.cli.ink import cut
from runtime.cli.terminal.data import ascii_json, ascii_json_of
from runtime.cli.terminal.problems import message_of, place_of, still_broken
from runtime.cli.terminal.stamps import Stamps
from runtime.cli.terminal.summary import address, duration, goes_on, labels, left_out, summary
from runtime.cli.words import listed
from runtime.facts import Held, Renewed, Started
from runtime.model import LogRecord, Problem, RequestRecord, Severity
from runtime.remedies import remedy

MAX_PATH = 2000
"""Characters of a request's path that are written."""
_NONE: Mapping[str, tuple[str, ...]] = {}


class JsonPresenter:
    """A `LogSink` and an `Audience`.

    Each line has `time`, `level`, `event` and `message`; docs/terminal.md has the rest.
    """

    def __init__(self, write: Callable[[str], object], root: Path, inspected: Mapping[str, int] | None = None) -> None:
        """`inspected` are languages with the port of their debugger, None for none."""
        self._write = write
        self._root = root
        self._stamp = Stamps(universal=True)
        self._labels: dict[str, str] = {}
        self._debuggers = {"debuggers": dict(inspected)} if inspected else {}

    def write(self, record: LogRecord) -> None:
        """Event `log`: `step`, and `traceId` and `data` where there are any."""
        line = {"time": self._stamp(record.time), "level": record.level.name.lower(), "event": "log"}
        line |= {"step": record.source, "message": record.message}
        if record.trace_id:
            line["traceId"] = record.trace_id
        data = f', "data": {ascii_json_of(record.data)}' if record.data else ""
        self._write(f"{ascii_json(line)[:-1]}{data}}}\n")

    def request(self, record: RequestRecord) -> None:
        """Event `request`: `method`, `path`, `status`, `durationMs`, `traceId`, and `step` and `ending` if any."""
        path = cut(record.path, MAX_PATH)
        level = "error" if record.status >= 500 else "info"
        line = self._head(record.time, level, "request", f"{record.method} {path} {record.status}")
        line |= {"method": record.method, "path": path, "status": record.status}
        line |= {"durationMs": _milliseconds(record.seconds), "traceId": record.trace_id}
        line |= {key: text for key, text in (("step", record.step), ("ending", record.ending)) if text}
        self._write(f"{ascii_json(line)}\n")

    def started(self, fact: Started) -> None:
        """Events `created` for each file and `problem` for each of these, then `started`."""
        self._labels = labels(fact.catalog)
        self._tell_files("created", self._labels, self._labels)
        self._tell_problems(fact.catalog.problems)
        url = address(fact)
        counts = {
            "steps": len(fact.catalog.steps),
            "streams": len(fact.catalog.streams),
            "leftOut": left_out(fact),
        }
        message = f"Ready at {url} in {duration(fact.seconds)}: {summary(fact, self._root)}"
        self._tell(
            "info" if fact.files else "warn",
            "started",
            message,
            url=url,
            **counts,
            **self._debuggers,
            durationMs=_milliseconds(fact.seconds),
        )

    def renewed(self, fact: Renewed) -> None:
        """Events `created`, `updated`, `removed`, `mended` for each file, `problem` for what is new, then `renewed`."""
        before, self._labels = self._labels, labels(fact.catalog)
        self._tell_files("created", fact.created, self._labels)
        self._tell_files("updated", fact.updated, self._labels, fact.causes)
        self._tell_files("removed", fact.removed, before)
        for file in fact.mended:
            self._tell("info", "mended", f"{file} is mended", file=file)
        self._tell_problems(fact.problems)
        took = _milliseconds(fact.seconds)
        message = f"{listed(fact.languages)} renewed in {took:.0f} ms"
        self._tell("info", "renewed", message, languages=list(fact.languages), durationMs=took)

    def held(self, fact: Held) -> None:
        """Events `problem`, unless they are known, then `held`."""
        if not fact.is_known:
            self._tell_problems(fact.problems)
        files = list(dict.fromkeys(problem.file for problem in fact.problems))
        message = still_broken(fact) if fact.is_known else goes_on(fact)
        self._tell("warn", "held", message, languages=list(fact.languages), files=files)

    def progressed(self, message: str) -> None:
        """Event `progress`."""
        self._tell("info", "progress", message)

    def _tell_files(
        self, event: str, files: Iterable[str], known: Mapping[str, str], causes: Mapping[str, tuple[str, ...]] = _NONE
    ) -> None:
        for file in files:
            label = known.get(file, "File")
            more = {"causes": causes[file]} if file in causes else {}
            self._tell("info", event, f"[{event.upper()}] {label} {file}", file=file, **more)

    def _tell_problems(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            is_error = problem.severity is Severity.ERROR
            told: dict[str, object] = {"file": problem.file, "problem": message_of(problem)}
            told["fix"] = remedy(problem) if is_error else problem.fix
            given = {"place": problem.place, "line": problem.line, "column": problem.column}
            told |= {key: value for key, value in given.items() if value}
            # Where the fault is in a helper, its place is part of the problem's message.
            where = problem.file if problem.place else place_of(problem)
            message = f"{where}: {problem.message}" if where else problem.message
            self._tell("error" if is_error else "warn", "problem", message, **told)

    def _tell(self, level: str, event: str, message: str, **more: object) -> None:
        self._write(f"{ascii_json(self._head(time.time(), level, event, message) | more)}\n")

    def _head(self, moment: float, level: str, event: str, message: str) -> dict[str, object]:
        return {"time": self._stamp(moment), "level": level, "event": event, "message": message}


def missed_line(lines: int) -> str:
    """Event `missed`: how many lines were not written because nobody took them in time."""
    message = f"{lines} lines are missing: they were not read in time"
    head = {"time": Stamps(universal=True)(time.time()), "level": "warn", "event": "missed", "message": message}
    return f"{ascii_json({**head, 'lines': lines})}\n"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
