"""What the terminal shows: log lines, the start-up summary, faults. Colours only on a terminal."""

from __future__ import annotations

import json
import math
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.errors import RuntimeFault
from runtime.model import LogLevel, LogRecord, Severity, Step
from runtime.values import decode

if TYPE_CHECKING:  # the whole runtime, which no command but dev and start has a use for
    from runtime.app import Started
    from runtime.catalog import Catalog

_COLOUR = {LogLevel.DEBUG: "\x1b[2m", LogLevel.INFO: "\x1b[36m", LogLevel.WARN: "\x1b[33m", LogLevel.ERROR: "\x1b[31m"}
_END_OF_CALENDARS = 253_402_300_800.0  # the year 10000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class TextLog:
    """Log lines for people: `HH:MM:SS.mmm [INFO] StepName message {data} trace=…`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._coloured = self._stream.isatty()

    def write(self, record: LogRecord) -> None:
        """Writes one line, or as many as its message has."""
        time = datetime.fromtimestamp(_moment(record)).strftime("%H:%M:%S.%f")[:-3]
        level = f"[{record.level.name}]"
        data = f" {_json(record)}" if record.data else ""
        trace = f" trace={record.trace_id}" if record.trace_id else ""
        if self._coloured:
            time, trace = f"{_DIM}{time}{_PLAIN}", f"{_DIM}{trace}{_PLAIN}"
            level = f"{_COLOUR[record.level]}{level}{_PLAIN}"
        # What a request smuggles into a message must neither look like a line of its own nor steer the terminal.
        head, *more = _CONTROL.sub(lambda found: repr(found[0])[1:-1], record.message).split("\n")
        lines = [f"{time} {level} {record.source} {head}{data}{trace}", *(f"  {line}" for line in more)]
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()


class JsonLog:
    """Log lines for machines: one JSON object each."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, record: LogRecord) -> None:
        """Writes one line."""
        line = {
            "time": datetime.fromtimestamp(_moment(record), UTC).isoformat(timespec="milliseconds"),
            "level": record.level.name.lower(),
            "step": record.source,
            "message": record.message,
        }
        if record.trace_id:
            line["traceId"] = record.trace_id
        data = f', "data": {_json(record)}' if record.data else ""
        self._stream.write(f"{json.dumps(line, ensure_ascii=False)[:-1]}{data}}}\n")
        self._stream.flush()


def _moment(record: LogRecord) -> float:
    """The line's time; that of its arrival when the runner sent none that a calendar has."""
    return record.time if 0 < record.time < _END_OF_CALENDARS else time.time()


def _json(record: LogRecord) -> str:
    try:
        return json.dumps(_plain(decode(record.data)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps(record.data.hex())


def _plain(value: object) -> object:
    """The value with nothing in it that JSON does not know."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else repr(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)


def print_started(started: Started) -> None:
    """Prints one line a step, stream and config, then what is wrong, then the address."""
    console = Console(highlight=False, soft_wrap=True)
    for step in started.catalog.steps:
        console.print(Text.assemble(("[CREATED]", "green"), f" Step ({_kinds(step)}) {step.file}"))
    for stream in started.catalog.streams.values():
        console.print(Text.assemble(("[CREATED]", "green"), f" Stream {stream.file}"))
    if started.catalog.config is not None:
        console.print(Text.assemble(("[CREATED]", "green"), f" Config {started.catalog.config.file}"))
    print_problems(started.catalog)
    console.print(Text(f"\n{_summary(started)}"))
    host = f"[{started.host}]" if ":" in started.host else started.host
    console.print(Text(f"Ready at {started.scheme}://{host}:{started.port}"))
    sys.stdout.flush()


def _kinds(step: Step) -> str:
    """What makes the step run, each kind once."""
    kinds = dict.fromkeys(trigger.kind.value for trigger in step.triggers) or {step.type: None}
    return ", ".join("API" if kind == "api" else kind.capitalize() for kind in kinds)


def _summary(started: Started) -> str:
    """How many steps and streams serve and how many files do not; for none at all, what was looked for and where."""
    from runtime.runners.discovery import SOURCE_FOLDERS  # with it much that no other command has a use for

    catalog = started.catalog
    if not started.files:
        folders = [name for name in SOURCE_FOLDERS if Path(name).is_dir()]
        missing = f"it has no folder {' or '.join(SOURCE_FOLDERS)}; is it the project's root?"
        found = f"nothing in {' and '.join(folders)} is called like a step." if folders else missing
        return (
            f"No steps in {Path.cwd()}: {found}\n"
            "A step is a file such as steps/hello.step.ts, steps/hello.step.js or steps/hello_step.py."
        )
    serving = {step.file for step in catalog.steps} | {stream.file for stream in catalog.streams.values()}
    left_out = started.files - len(serving)
    counts = _count(len(catalog.steps), "step")
    counts += f" and {_count(len(catalog.streams), 'stream')}" if catalog.streams else ""
    return f"{counts} loaded, {_count(left_out, 'file')} left out: see above" if left_out else f"{counts} loaded"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_problems(catalog: Catalog, *, to_errors: bool = False) -> None:
    """Prints a table of what did not load or looks wrong, to standard error if asked to; nothing when all is well."""
    if not catalog.problems:
        return
    stream = sys.stderr if to_errors else sys.stdout
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 160)
    errors = len({problem.file for problem in catalog.problems if problem.severity is Severity.ERROR})
    title = f"{errors} of the project's files could not be used" if errors else "Warnings"
    table = Table("", "file", "what is wrong", "what to do", title=title, title_justify="left")
    for problem in catalog.problems:
        place = f":{problem.line}" if problem.line else ""
        place += f":{problem.column}" if problem.line and problem.column else ""
        mark = Text("error", "red") if problem.severity is Severity.ERROR else Text("warning", "yellow")
        table.add_row(mark, Text(problem.file + place), Text(problem.message), Text(problem.fix))
    console.print(table)


def print_fault(fault: RuntimeFault) -> None:
    """Prints what stopped the runtime, and what to do about it."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("error:", "red"), f" {fault}"))
    if fault.fix:
        console.print(Text(f"       {fault.fix}"))
