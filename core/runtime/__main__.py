"""The `runtime` command."""

from __future__ import annotations

import os
import sys

import typer

from runtime.cli.create import create
from runtime.cli.cron import cron
from runtime.cli.dev import dev
from runtime.cli.doctor import doctor
from runtime.cli.emit import emit
from runtime.cli.generate import generate
from runtime.cli.generate_types import generate_types
from runtime.cli.install import install
from runtime.cli.logs import logs
from runtime.cli.queue import queue
from runtime.cli.runners import runners
from runtime.cli.start import start
from runtime.cli.state import state
from runtime.cli.traces import traces
from runtime.cli.version import version

_app = typer.Typer(
    name="runtime",
    help="A backend runtime with one primitive, the step: TypeScript, JavaScript and Python in one project.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_app.command()(create)
_app.command()(dev)
_app.command()(start)
_app.command()(emit)
_app.add_typer(generate)
_app.command("generate-types")(generate_types)
_app.command()(install)
_app.command()(doctor)
_app.command()(runners)
_app.add_typer(queue)
_app.add_typer(cron)
_app.add_typer(state)
_app.add_typer(traces)
_app.command()(logs)
_app.command()(version)

_LAST_STREAM = 2
"""The descriptor of standard error."""


@_app.callback(invoke_without_command=True)
def _root(
    show_version: bool = typer.Option(False, "--version", "-V", help="Print the version and leave."),
) -> None:
    if show_version:
        version()
        raise typer.Exit


def main() -> None:
    """Runs the command line."""
    _open_standard_streams()
    _app()


def _open_standard_streams() -> None:
    """Leads what was closed before the start (`>&-`) to nowhere: else the next file or socket that is opened, here or
    in a runner, would stand in for it."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _LAST_STREAM:
        os.set_inheritable(opened, True)
    os.close(opened)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # as Python has it then
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - for good


if __name__ == "__main__":
    main()
