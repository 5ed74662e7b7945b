"""What signals mean to a running project: the first ends it in order, the second now."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

import anyio

from runtime.cli.options import EXIT_INTERRUPTED

ECHO_SECONDS = 0.1
"""A signal that comes again so soon is the same one: npm hands on the Ctrl-C that the terminal sends everybody."""


async def watch_signals(stop: anyio.Event, everything: anyio.CancelScope, on_first: Callable[[], None]) -> None:
    """The first signal sets `stop`, then calls `on_first`; the second cancels everything; a third ends the process.

    Watches SIGINT, SIGTERM, and SIGHUP unless the process was started to ignore it. Runs until it is cancelled.
    """
    heard: dict[signal.Signals, float] = {}
    with anyio.open_signal_receiver(*_watched()) as signals:
        async for received in signals:
            now = anyio.current_time()
            is_echo = now - heard.get(received, -ECHO_SECONDS) < ECHO_SECONDS
            heard[received] = now
            if is_echo:
                continue
            if everything.cancel_called:
                # Something does not let itself be cancelled. Runners end with this process (see runners/launch.py).
                os._exit(EXIT_INTERRUPTED)
            if stop.is_set():
                everything.cancel()
                continue
            stop.set()
            with contextlib.suppress(OSError):  # after SIGHUP there may be no terminal to say it on
                on_first()


def farewell(runs: int) -> str:
    """What a person is told who has asked the project to stop while so many runs are under way."""
    if not runs:
        return "stopping"
    return f"stopping: waiting for {runs} run{'' if runs == 1 else 's'} (Ctrl-C again to leave now)"


def _watched() -> list[signal.Signals]:
    """What nohup has turned off stays so."""
    kept = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if kept else [signal.SIGHUP])]
