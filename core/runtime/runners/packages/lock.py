"""One installation in a project at a time, whoever has begun it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import RunnerFault
from runtime.runners.packages.commands import Ending, Say

LOCK_FILE = Path(".runtime", "install.lock")
_TRY_AGAIN = 0.1
"""Seconds between two tries; a thread that waits inside `flock` could not be ended."""


@contextmanager
def alone(root: Path, say: Say, ending: Ending | None = None) -> Iterator[None]:
    """Keeps other installations in this project waiting for the time of the context; waits for one that runs.

    Raises `RunnerFault` where the lock cannot be kept, and when it is to end while it waits.
    """
    path = root / LOCK_FILE
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunnerFault(f"{LOCK_FILE} cannot be written: {error.strerror}", "make the folder writable") from error
    try:  # the system lets go of it with the descriptor, also when this process is killed
        _take(descriptor, say, ending or Ending())
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, say: Say, ending: Ending) -> None:
    is_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not is_told:
                say("packages: another installation runs in this project, waiting for its end...")
            is_told = True
        except OSError as error:
            raise RunnerFault(f"{LOCK_FILE} cannot be locked: {error.strerror}") from error
        else:
            return
        if ending.wait(_TRY_AGAIN):
            raise RunnerFault("the runtime ends")
