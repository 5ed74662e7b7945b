"""`runtime logs`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli.client import (
    AsJson,
    Client,
    Port,
    Token,
    faults_shown,
    print_json,
    print_json_line,
    running,
    until_interrupted,
)
from runtime.cli.console import log_to

if TYPE_CHECKING:
    from runtime.model import LogRecord

Line = Mapping[str, Any]


class Level(StrEnum):
    """How loud a line is, quietest first."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


Lowest = Annotated[Level | None, typer.Option("--level", help="The lowest level to show.")]
Step = Annotated[str | None, typer.Option("--step", help="Lines of this step.")]
Trace = Annotated[str | None, typer.Option("--trace", metavar="ID", help="Lines of this trace.")]
Text = Annotated[str | None, typer.Option("--text", help="Lines that hold this text.")]
Limit = Annotated[int, typer.Option("--limit", min=0, max=1000, help="How many lines to show.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")]


def logs(
    level: Lowest = None,
    step: Step = None,
    trace: Trace = None,
    text: Text = None,
    limit: Limit = 100,
    follow: Follow = False,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Show the newest log lines of the running project, the last one at the end.

    Example: runtime logs --level warn --follow
    """
    given = {"level": level and level.value, "step": step, "trace": trace, "text": text}
    query = {name: value for name, value in given.items() if value is not None}
    with faults_shown(), until_interrupted():
        client = running(port, token)
        if follow:
            show = print_json_line if json else _printer()
            for line in _following(client, query, limit):
                show(line)
        elif json:
            print_json(client.get("logs", {**query, "limit": str(limit)}))
        else:
            show = _printer()
            found = client.get("logs", {**query, "limit": str(limit)})["logs"]
            for line in reversed(found):
                show(line)
            if not found:
                typer.echo("No lines: nothing that fits was logged, or it is no longer kept.", err=True)


def _following(client: Client, query: Mapping[str, str], limit: int) -> Iterator[Line]:
    """The newest lines, then each that comes. It is listened first, so that none is lost in between."""
    last, is_wanted = 0, wanted(query)
    for news in client.live("logs"):
        if news is None:
            lines = client.get("logs", {**query, "limit": str(limit)})["logs"][::-1]
        else:
            lines = [line for line in news["logs"] if line["id"] > last and is_wanted(line)]
            if news["lost"]:
                typer.echo(f"{news['lost']} lines came faster than they can be told", err=True)
        for line in lines:
            last = max(last, line["id"])
            yield line


def wanted(query: Mapping[str, str]) -> Callable[[Line], bool]:
    """Tells whether a line is wanted, as the control route decides it."""
    from runtime.model import LogLevel, LogQuery
    from runtime.traces import wants_log

    asked = LogQuery(
        level=LogLevel[query.get("level", Level.DEBUG).upper()],
        source=query.get("step", ""),
        trace_id=query.get("trace", ""),
        text=query.get("text", ""),
    )
    return lambda line: wants_log(asked, _record(line))


def _printer() -> Callable[[Line], None]:
    """Prints a line as `dev` does."""
    log = log_to(sys.stdout)

    def show(line: Line) -> None:
        log.write(_record(line))

    return show


def _record(line: Line) -> LogRecord:
    from runtime.model import LogLevel, LogRecord
    from runtime.values import encode

    data = b"" if line["data"] is None else encode(line["data"])
    level = LogLevel[line["level"].upper()]
    moment = datetime.fromisoformat(line["time"]).timestamp()
    return LogRecord(moment, level, line["source"], line["message"], data, line["traceId"] or "")
