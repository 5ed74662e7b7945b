"""cli/signals: what each signal leads to. The signals are real ones, sent to this process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import anyio
import pytest

from runtime.cli import signals
from runtime.cli.options import EXIT_INTERRUPTED
from runtime.cli.signals import farewell, watch_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Handlers as they were, after each test."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def send(*sent: signal.Signals) -> None:
    for each in sent:
        os.kill(os.getpid(), each)


async def watched(sent: Callable[[], None], first: Callable[[], None] = lambda: None) -> tuple[bool, bool]:
    """Whether the end was asked for, and whether everything was cancelled, after what `sent` and `first` send."""
    stop, arrived = anyio.Event(), anyio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)  # which comes behind all that was sent before it
    with anyio.CancelScope() as everything:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_signals, stop, everything, first)
            await anyio.wait_all_tasks_blocked()
            sent()
            with anyio.fail_after(5):
                await stop.wait()
                send(signal.SIGUSR1)
                await arrived.wait()
                await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    loop.remove_signal_handler(signal.SIGUSR1)
    return stop.is_set(), everything.cancelled_caught


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_asks_for_the_end(asked: signal.Signals) -> None:
    assert await watched(lambda: send(asked)) == (True, False)


async def test_the_second_ends_everything() -> None:
    assert await watched(lambda: send(signal.SIGTERM), lambda: send(signal.SIGINT)) == (True, True)


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_terminal_that_goes_as_well_is_no_second_wish(
    first: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "ECHO_SECONDS", 0)
    assert await watched(lambda: send(first), lambda: send(signal.SIGHUP)) == (True, False)


async def test_a_terminal_that_went_just_before_is_no_first_wish() -> None:
    assert await watched(lambda: send(signal.SIGHUP), lambda: send(signal.SIGTERM)) == (True, False)


async def test_who_has_lost_the_terminal_can_still_be_told_to_leave_now() -> None:
    assert await watched(lambda: send(signal.SIGHUP), lambda: send(signal.SIGTERM, signal.SIGINT)) == (True, True)


async def test_a_ctrl_c_that_npm_hands_on_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "ECHO_SECONDS", 60)
    assert await watched(lambda: send(signal.SIGINT), lambda: send(signal.SIGINT)) == (True, False)
    monkeypatch.setattr(signals, "ECHO_SECONDS", 0)
    assert await watched(lambda: send(signal.SIGINT), lambda: send(signal.SIGINT)) == (True, True)


async def test_a_terminal_that_is_gone_is_no_fault() -> None:
    def cannot_be_told() -> None:
        raise OSError(5, "Input/output error")

    assert await watched(lambda: send(signal.SIGHUP), cannot_be_told) == (True, False)


async def test_what_nohup_turns_off_stays_off() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert await watched(lambda: send(signal.SIGHUP, signal.SIGTERM)) == (True, False)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


_STUBBORN = """
import anyio, os, signal
from runtime.cli.signals import watch_signals

async def main():
    with anyio.CancelScope() as everything:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_signals, anyio.Event(), everything, lambda: os.kill(os.getpid(), signal.SIGINT))
            await anyio.wait_all_tasks_blocked()
            os.kill(os.getpid(), signal.SIGTERM)
            with anyio.CancelScope(shield=True):
                while not everything.cancel_called:
                    await anyio.lowlevel.checkpoint()
                os.kill(os.getpid(), signal.SIGHUP)  # which ends nothing
                os.kill(os.getpid(), signal.SIGTERM)
                await anyio.sleep_forever()

anyio.run(main)
"""


def test_the_third_ends_what_does_not_let_itself_be_cancelled() -> None:
    done = subprocess.run([sys.executable, "-c", _STUBBORN], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (EXIT_INTERRUPTED, "")


def test_who_stops_learns_what_is_waited_for() -> None:
    assert farewell(0) == "stopping"
    assert farewell(1) == "stopping: waiting for 1 run (Ctrl-C again to leave now)"
    assert farewell(2).startswith("stopping: waiting for 2 runs ")
