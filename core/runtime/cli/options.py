"""Options that several commands share, and the exit codes of all."""

from __future__ import annotations

from typing import Annotated

import typer

Port = Annotated[int | None, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on (3000).")]
Host = Annotated[str | None, typer.Option("--host", "-H", help="Address to listen on (127.0.0.1).")]
Debug = Annotated[bool, typer.Option("--debug", "-d", help="Show debug log lines.")]

EXIT_OK = 0
"""What was asked for is done; `dev` and `start` have stopped in order."""
EXIT_FAULT = 1
"""What was asked for could not be done, or `doctor` has found a fault; standard error says why."""
EXIT_USAGE = 2
"""The command line itself is wrong; typer leaves with it."""
EXIT_INTERRUPTED = 130
"""Left at once, by Ctrl-C or a second signal: 128 and the number of SIGINT, as shells have it."""
