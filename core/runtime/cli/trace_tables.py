"""Traces in a list, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from runtime.cli.client import cell, local_time, print_line, print_table
from runtime.cli.words import counted

Document = Mapping[str, Any]
COLOURS = {"ok": "green", "failed": "red", "running": "yellow"}


def took(seconds: float | None) -> str:
    """A duration as people read it; nothing for what goes on."""
    from runtime.cli.terminal.summary import duration

    return "" if seconds is None else duration(seconds)


def print_traces(traces: Sequence[Document]) -> None:
    """Prints a line for each trace."""
    if not traces:
        print_line("No traces: nothing that fits has run, or none of it was kept (telemetry.sample).")
        return
    table = Table("began", "name", "status")
    table.add_column("took", justify="right")
    table.add_column("spans", justify="right")
    table.add_column("trace", no_wrap=True)
    table.add_column("error")
    for trace in traces:
        words = (
            cell(local_time(trace["began"])),
            cell(trace["name"]),
            cell(status_of(trace), COLOURS[trace["status"]]),
        )
        numbers = (cell(took(trace["seconds"])), cell(trace["spans"]))
        table.add_row(*words, *numbers, cell(trace["traceId"]), cell(trace["error"]))
    print_table(table)


def print_trace_line(trace: Document) -> None:
    """Prints a trace on a line of its own, for a list that goes on."""
    error = f"  {_first_line(trace['error'])}" if trace["error"] else ""
    spans = counted(trace["spans"], "span")
    words = (local_time(trace["began"]), f"{status_of(trace):<10}", f"{took(trace['seconds']):>7}", trace["traceId"])
    line = f"{'  '.join(words)}  {trace['name']}  {spans}{error}"
    print_line(line, "red" if trace["status"] == "failed" else "")


def status_of(trace: Document) -> str:
    """How a trace or span stands, with the status of its answer."""
    http_status = f" {trace['httpStatus']}" if trace["httpStatus"] else ""
    return f"{trace['status']}{http_status}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
