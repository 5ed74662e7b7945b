"""`runtime version`."""

from __future__ import annotations

import typer

import runtime


def version() -> None:
    """Print the version of the runtime.

    Example: runtime version
    """
    typer.echo(runtime.__version__)
