"""A command at a terminal: what a person sees and types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.project import PATIENCE

INTERRUPT = "\x03"


class Terminal:
    """One `runtime` process whose standard streams are a terminal."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self.shown = ""
        self._answered = 0

    def answer(self, question: str, text: str) -> None:
        """Types a line once the question has been shown, after the one that was answered before it."""
        deadline = time.monotonic() + PATIENCE
        while (place := self.shown.find(question, self._answered)) < 0:
            assert self._read(deadline), f"{question!r} was not asked:\n{self.shown}"
        self._answered = place + len(question)
        os.write(self._screen, f"{text}\n".encode() if text != INTERRUPT else text.encode())

    def break_off(self, question: str) -> int:
        """Presses Ctrl-C instead of an answer, and gives the exit code.

        Again while nothing comes of it: Python does not see a signal that came just before it begins to wait for input.
        """
        self.answer(question, INTERRUPT)
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            if not self._read(time.monotonic() + 1):
                os.write(self._screen, INTERRUPT.encode())
        return self.finish()

    def finish(self) -> int:
        """Reads to the end and gives the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, deadline: float) -> bool:
        """Takes what is there next; false at the end, or when the time is up."""
        ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
        try:
            piece = os.read(self._screen, 4096) if ready else b""
        except OSError:  # what Linux says at the end of a terminal
            return False
        self.shown += piece.decode(errors="replace").replace("\r\n", "\n")
        return bool(piece)


@contextmanager
def at_terminal(root: Path, *arguments: str) -> Iterator[Terminal]:
    """Runs `runtime` with these arguments at a terminal of its own; one that hangs is killed."""
    screen, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime", *arguments],
        cwd=root,
        env={**os.environ, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(screen)


def _take_terminal() -> None:
    """Makes standard input the terminal that Ctrl-C comes from."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
