"""`runtime cron list|trigger`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from runtime.cli.client import (
    AsJson,
    Port,
    Token,
    cell,
    faults_shown,
    local_time,
    print_json,
    print_line,
    print_table,
    running,
)

cron = typer.Typer(name="cron", help="See and run the schedules of the running project.", no_args_is_help=True)
StepName = Annotated[str, typer.Argument(metavar="NAME", help="Name of a step with a schedule.")]


@cron.command("list")
def list_schedules(json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """List the schedules with their next and last tick.

    Example: runtime cron list
    """
    with faults_shown():
        answer = running(port, token).get("cron")
    if json:
        print_json(answer)
    elif not answer["schedules"]:
        print_line("No step has a schedule.")
    else:
        table = Table("step", "expression", "time zone", "next", "last")
        for each in answer["schedules"]:
            times = (local_time(each["next"]), local_time(each["last"]))
            table.add_row(*map(cell, (each["step"], each["expression"], each["timezone"], *times)))
        print_table(table)


@cron.command()
def trigger(name: StepName, json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """Run a step with a schedule now, as if its time had come.

    Example: runtime cron trigger DailyReport
    """
    with faults_shown():
        answer = running(port, token).post("cron/trigger", {"step": name})
    if json:
        print_json(answer)
    else:
        print_line(f"triggered '{name}' as {answer['id']}")
