"""`runtime runners`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from runtime.cli.client import AsJson, Port, Token, cell, faults_shown, print_json, print_line, print_table, running

_COLUMNS = ("language", "process", "pid", "state", "generation", "in flight", "memory", "cpu", "restarts", "uptime")
_STYLES = {"serving": "green", "given up": "red"}
_MEBIBYTE = 1024 * 1024
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def runners(json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """List the processes that run the steps, with their load.

    Example: runtime runners
    """
    with faults_shown():
        answer = running(port, token).get("runners")
    if json:
        print_json(answer)
    elif not answer["runners"]:
        print_line("No runner runs: the project has no steps.")
    else:
        table = Table(*_COLUMNS)
        for each in answer["runners"]:
            table.add_row(*(cell(value, _STYLES.get(str(value), "")) for value in _row(each)))
        print_table(table)


def _row(runner: Mapping[str, Any]) -> tuple[object, ...]:
    memory, cpu = runner["memoryBytes"], runner["cpu"]
    return (
        runner["language"],
        runner["process"],
        runner["pid"] or "-",
        runner["state"],
        runner["generation"],
        runner["inFlight"],
        "-" if memory is None else f"{memory / _MEBIBYTE:.0f} MiB",
        "-" if cpu is None else f"{cpu:.0%}",
        runner["restarts"],
        "-" if runner["pid"] is None else _uptime(runner["since"]),
    )


def _uptime(since: str) -> str:
    """How long ago it was, in the two largest units."""
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds()))
    if seconds >= _DAY:
        return f"{seconds // _DAY}d {seconds % _DAY // _HOUR}h"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR}h {seconds % _HOUR // _MINUTE}m"
    return f"{seconds // _MINUTE}m {seconds % _MINUTE}s" if seconds >= _MINUTE else f"{seconds}s"
