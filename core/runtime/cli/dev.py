"""`runtime dev`."""

from __future__ import annotations

from runtime.cli.options import Debug, Host, Port
from runtime.cli.serve import serve


def dev(port: Port = None, host: Host = None, debug: Debug = False) -> None:
    """Run the project in this folder for development, with logs for people.

    Example: runtime dev --port 4000
    """
    serve(port, host, debug, development=True)
