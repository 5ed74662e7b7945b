"""Running the installers of others: quiet when all goes well, with their words when it does not."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runtime.errors import RunnerFault

Say = Callable[[str], None]
"""Shows a line of progress."""
SHOWN_LINES = 30
"""Of what a failed installer has printed, the last ones."""
_GRACE = 3.0
"""Seconds that an installer which is to end has for that."""


class Ending:
    """Ends, from another thread, the command that runs and keeps others from beginning."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing may begin any more."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until it is over, and tells whether it is."""
        return self._over.wait(seconds)

    def end(self) -> None:
        """Ends it and all that it has started; returns at once."""
        with self._lock:
            self._over.set()
            process = self._process
        if process is not None:
            _signal(process, signal.SIGTERM)
            last_word = threading.Timer(_GRACE, _signal, (process, signal.SIGKILL))
            last_word.daemon = True
            last_word.start()

    def start(self, command: Sequence[str], root: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
        """Starts a command in the project root. Raises `OSError`, and `InterruptedError` after `end`."""
        with self._lock:
            if self.is_over:
                raise InterruptedError(0, "the runtime ends")
            self._process = begin(command, root, environ, subprocess.STDOUT)
            return self._process


def begin(command: Sequence[str], root: Path, environ: Mapping[str, str], errors_to: int) -> subprocess.Popen[str]:
    """Starts a command whose output is read. Raises `OSError`.

    It has a session of its own, so that all that it starts can be ended together.
    """
    return subprocess.Popen(
        command,
        cwd=root,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors_to,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def run(
    command: Sequence[str], root: Path, environ: Mapping[str, str], what: str, ending: Ending | None = None
) -> None:
    """Runs a command in the project root to its end. Raises `RunnerFault` with what it printed when it fails."""
    try:
        process = (ending or Ending()).start(command, root, environ)
    except OSError as error:
        raise RunnerFault(f"{what}: {command[0]} cannot be started: {error.strerror}") from error
    with process:
        try:
            printed, _ = process.communicate()
        except BaseException:  # such as Ctrl-C, which reaches this process alone
            _signal(process, signal.SIGTERM)
            raise
    if process.returncode:
        said = [line for line in printed.splitlines() if line.strip()][-SHOWN_LINES:]
        raise RunnerFault("\n  ".join((f"{what} failed:", *(said or [f"exit code {process.returncode}"]))))


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Sends a signal to a process that has not ended yet, and to those that it has started."""
    if process.returncode is not None:
        return
    if os.name == "nt":
        process.terminate()
        return
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        process.poll()
