"""`runtime dev`."""

from __future__ import annotations

from typing import Annotated

import typer

from runtime.cli.options import Debug, Host, Port

Inspect = Annotated[
    list[str] | None,
    typer.Option(
        "--inspect",
        metavar="LANGUAGE[=PORT]",
        help="Run a language's steps with a debugger: node (port 9229) or python (5678). May be given for each.",
    ),
]
NoInstall = Annotated[bool, typer.Option("--no-install", help="Leave missing packages to you.")]


def dev(
    port: Port = None, host: Host = None, debug: Debug = False, inspect: Inspect = None, no_install: NoInstall = False
) -> None:
    """Run the project in this folder for development: changed files are taken up while it runs.

    Example: runtime dev --port 4000 --inspect node
    """
    from runtime.cli.serve import Command, serve  # with them the whole runtime, which no other command has a use for

    serve(Command(True, port, host, debug, installs=not no_install, inspect=tuple(inspect or ())))
