"""`runtime dev`."""

from __future__ import annotations

from runtime.cli.options import Debug, Host, Port


def dev(port: Port = None, host: Host = None, debug: Debug = False) -> None:
    """Run the project in this folder for development, with logs for people.

    Example: runtime dev --port 4000
    """
    from runtime.cli.serve import serve  # with it the whole runtime, which no other command has a use for

    serve(port, host, debug, development=True)
