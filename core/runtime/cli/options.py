"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Port = Annotated[int | None, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on (3000).")]
Host = Annotated[str | None, typer.Option("--host", "-H", help="Address to listen on (127.0.0.1).")]
Debug = Annotated[bool, typer.Option("--debug", "-d", help="Show debug log lines.")]

EXIT_FAULT = 1
EXIT_INTERRUPTED = 130
