"""Running the installers of others: quiet when all goes well, with their words when it does not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runtime.errors import RunnerFault

Say = Callable[[str], None]
"""Shows a line of progress."""
SHOWN_LINES = 30
"""Of what a failed installer has printed, the last ones."""


def run(command: Sequence[str], root: Path, environ: Mapping[str, str], what: str) -> None:
    """Runs a command in the project root to its end. Raises `RunnerFault` with what it printed when it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise RunnerFault(f"{what}: {command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip()][-SHOWN_LINES:]
        raise RunnerFault("\n  ".join((f"{what} failed:", *(said or [f"exit code {done.returncode}"]))))
