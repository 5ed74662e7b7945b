"""The process: takes its environment, connects, leaves."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn, TextIO

EXIT_SECONDS = 0.5
"""What the interpreter gets to end by itself; handlers that block their threads get no more."""
PARENT_CHECK_SECONDS = 0.5

EXIT_CANNOT_START = 1
EXIT_UNFIT = 78
"""Tells the core that another start would end in the same way (PROTOCOL.md, section 2); EX_CONFIG of sysexits.h."""


class StartError(Exception):
    """The process cannot start; the message says what to do."""

    code = EXIT_CANNOT_START


class UnfitError(StartError):
    """The environment lacks what the runner needs; only an installation mends that."""

    code = EXIT_UNFIT


@dataclass(frozen=True, slots=True)
class Environment:
    """What the core says to a runner that it starts."""

    address: str
    secret: str
    project_root: str


def main() -> NoReturn:
    """Runs the runner to its end. Writes to stderr only when it cannot start."""
    try:
        code = _run(take_environment())
    except StartError as error:
        print(error, file=sys.stderr)
        code = error.code
    sys.exit(code)


def take_environment() -> Environment:
    """Reads the core's variables and removes them, so that no user code sees the secret. Raises StartError."""
    names = ("RUNTIME_ADDRESS", "RUNTIME_SECRET", "RUNTIME_PROJECT_ROOT")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise StartError(f"{', '.join(missing)} is not set. The core starts this process: run `runtime dev`.")
    taken = Environment(*(os.environ.pop(name) for name in names))
    for name in ("RUNTIME_GENERATION", "RUNTIME_CACHE_DIR"):
        os.environ.pop(name, None)
    return taken


def _run(environment: Environment) -> int:
    from runtime_runner import requirements

    unmet = requirements.unmet()
    if unmet:
        raise UnfitError(
            f"the Python of the steps, {requirements.place()}, does not have what the runner needs: {unmet}"
        )
    from runtime_runner import coder, eventloop, link

    for stream in (sys.stdout, sys.stderr):
        _write_by_line(stream)
    # Ctrl-C reaches the whole terminal group; the core drains us. A function, because children
    # would inherit SIG_IGN.
    signal.signal(signal.SIGINT, _leave_to_core)
    _follow_parent()
    sys.setswitchinterval(coder.SWITCH_SECONDS)
    try:
        return eventloop.run(_connect(environment))
    except link.LinkError as error:
        raise StartError(str(error)) from error


async def _connect(environment: Environment) -> int:
    from runtime_runner.link import connect
    from runtime_runner.project import Project

    code = EXIT_CANNOT_START
    try:
        code = await connect(environment.address, environment.secret, Project(environment.project_root))
    finally:
        # From here on tasks and threads of the user's that do not end could hold up the process.
        _force_exit(code)
    return code


def _write_by_line(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)


def _leave_to_core(number: int, frame: FrameType | None) -> None:
    """Does nothing."""


def _follow_parent() -> None:
    # A handler that blocks the event loop keeps the end of the stream from being seen.
    parent = os.getppid()
    never = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            never.wait(PARENT_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()


def _force_exit(code: int) -> None:
    timer = threading.Timer(EXIT_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()
