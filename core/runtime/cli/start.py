"""`runtime start`."""

from __future__ import annotations

from runtime.cli.options import Debug, Host, Port


def start(port: Port = None, host: Host = None, debug: Debug = False) -> None:
    """Run the project in this folder for production, with logs as JSON lines.

    Example: runtime start --host 0.0.0.0 --port 8080
    """
    from runtime.cli.serve import Command, serve  # with them the whole runtime, which no other command has a use for

    serve(Command(False, port, host, debug))
