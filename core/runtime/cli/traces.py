"""`runtime traces`, `runtime traces show|repeat`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from runtime.cli.client import (
    AsJson,
    Client,
    Port,
    Token,
    faults_shown,
    print_json,
    print_json_line,
    print_line,
    read_json,
    running,
    until_interrupted,
)
from runtime.cli.trace_tables import print_trace_line, print_traces
from runtime.cli.waterfall import print_trace
from runtime.errors import RuntimeFault

traces = typer.Typer(name="traces", help="See what ran in the running project, and run it again.")


class Status(StrEnum):
    """How a trace stands."""

    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"


OfStatus = Annotated[Status | None, typer.Option("--status", help="Those that stand like this.")]
Step = Annotated[str | None, typer.Option("--step", help="Those in which this step took part.")]
Limit = Annotated[int, typer.Option("--limit", min=0, max=1000, help="How many traces to show.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that end, until Ctrl-C.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the trace, as lists, log lines and X-Trace-Id have it.")]
SpanId = Annotated[str | None, typer.Option("--span", metavar="ID", help="Span to run again (the first one).")]
Input = Annotated[
    str | None,
    typer.Option("--input", metavar="FILE", help="JSON file to run it with instead; - reads standard input."),
]
_MOST_TOLD = 10_000


@traces.callback(invoke_without_command=True)
def list_traces(
    context: typer.Context,
    status: OfStatus = None,
    step: Step = None,
    limit: Limit = 20,
    follow: Follow = False,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """List the newest traces of the running project, or one with `show`.

    Example: runtime traces --status failed --follow
    """
    if context.invoked_subcommand is not None:
        return
    given = {"status": status and status.value, "step": step, "limit": str(limit)}
    query = {name: value for name, value in given.items() if value is not None}
    with faults_shown(), until_interrupted():
        client = running(port, token)
        if follow:
            for trace in _following(client, query):
                print_json_line(trace) if json else print_trace_line(trace)
        else:
            answer = client.get("traces", query)
            print_json(answer) if json else print_traces(answer["traces"])


def _following(client: Client, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The newest traces, oldest first, then each that ends; again when more has followed from it."""
    told: dict[str, tuple[int, str]] = {}
    for news in client.live("traces"):
        found = client.get("traces", query)["traces"][::-1] if news is None else news
        for trace in found:
            state = (trace["spans"], trace["status"])
            if told.get(trace["traceId"]) != state and _fits(trace, query):
                told[trace["traceId"]] = state
                yield trace
        while len(told) > _MOST_TOLD:
            del told[next(iter(told))]


def _fits(trace: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Whether a trace is wanted: without a status, once it has ended."""
    wanted = query.get("status")
    is_status = trace["status"] == wanted if wanted else trace["status"] != Status.RUNNING
    return is_status and query.get("step", trace["step"]) in trace["steps"]


@traces.command()
def show(id: Id, json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """Show a trace: which steps ran when, what they asked for, what went wrong and where, and its log lines.

    Example: runtime traces show 4bf92f3577b34da6a3ce929d0e0e4736
    """
    with faults_shown():
        answer = running(port, token).get("trace", {"id": id})
    if json:
        print_json(answer)
    else:
        print_trace(answer)


@traces.command()
def repeat(
    id: Id, span: SpanId = None, input: Input = None, json: AsJson = False, port: Port = None, token: Token = None
) -> None:
    """Run something again, as it was or with another input; of a request given parts replace its own.

    Example: runtime traces repeat 4bf92f3577b34da6a3ce929d0e0e4736 --input order.json
    """
    query = {"id": id, **({} if span is None else {"span": span})}
    with faults_shown():
        body = {} if input is None else {"input": read_json(_text(input), "--input")}
        answer = running(port, token).post("trace/repeat", query, body)
    if json:
        print_json(answer)
        return
    print_line(f"repeated as {answer['traceId']}")
    if answer["notKept"]:
        print_line(f"without {', '.join(answer['notKept'])}: redacted values are not kept")
    if answer["response"] is not None:
        print_line(f"answered {answer['response']['status']}")
        print_line(answer["response"]["body"])


def _text(file: str) -> str:
    try:
        if file == "-":
            return typer.get_binary_stream("stdin").read().decode()
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise RuntimeFault(f"{file} cannot be read: {error.strerror}", "give --input a file of JSON, or -") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter("is no UTF-8", param_hint="--input") from error
