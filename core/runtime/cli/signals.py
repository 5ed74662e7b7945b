"""What signals mean to a running project: the first ends it in order, the second of those that ask for it now."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from types import FrameType

import anyio

from runtime.cli.options import EXIT_INTERRUPTED
from runtime.cli.words import counted

ECHO_SECONDS = 0.1
"""A signal that comes again so soon is the same one: npm hands on the Ctrl-C that the terminal sends everybody."""


async def watch_signals(stop: anyio.Event, everything: anyio.CancelScope, on_first: Callable[[], None]) -> None:
    """The first signal sets `stop`, then calls `on_first`; the second cancels everything; a third ends the process.

    Watches SIGINT, SIGTERM, and SIGHUP unless the process was started to ignore it. SIGHUP sets `stop` as well, but is
    not counted: systemd sends it together with SIGTERM, and either may arrive first. Runs until the second counted one.
    """
    watched = _watched()
    with anyio.open_signal_receiver(*watched) as signals:
        wishes = 0
        async for received in _distinct(signals):
            if not stop.is_set():
                stop.set()
                with contextlib.suppress(OSError):  # after SIGHUP there may be no terminal to say it on
                    on_first()
            wishes += received is not signal.SIGHUP
            if wishes == 2:
                break
    for each in watched:
        signal.signal(each, signal.SIG_IGN if each is signal.SIGHUP else _leave)
    everything.cancel()


async def _distinct(signals: AsyncIterator[signal.Signals]) -> AsyncIterator[signal.Signals]:
    """The signals without their echoes."""
    heard: dict[signal.Signals, float] = {}
    async for received in signals:
        now = anyio.current_time()
        if received not in heard or now - heard[received] >= ECHO_SECONDS:
            yield received
        heard[received] = now


def _leave(number: int, frame: FrameType | None) -> None:
    """Something does not let itself be cancelled. Runners end with this process (see runners/launch.py)."""
    os._exit(EXIT_INTERRUPTED)


def farewell(runs: int) -> str:
    """What a person is told who has asked the project to stop while so many runs are under way."""
    if not runs:
        return "stopping"
    return f"stopping: waiting for {counted(runs, 'run')} (Ctrl-C again to leave now)"


def _watched() -> list[signal.Signals]:
    """What nohup has turned off stays so."""
    kept = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if kept else [signal.SIGHUP])]
