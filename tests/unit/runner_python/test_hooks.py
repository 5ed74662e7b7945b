"""runtime_runner.hooks: what is left of a call that is answered."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.hooks import Hooks, _is_allowed
from runtime_runner.outbox import Outbox
from runtime_runner.project import Project
from runtime_runner.project_config import ProjectConfig
from runtime_runner.threads import NoTurn, Turns
from runtime_runner.values import Unsendable


class Replies:
    """Stands in for the outbox."""

    full = False

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def put(self, envelope: pb.RunnerEnvelope) -> None:
        self.came.set()


async def test_a_call_that_is_given_up_frees_its_turn() -> None:
    turns, go_on = Turns(1, 3), threading.Event()
    try:
        for _ in range(2):
            begun = threading.Event()
            given_up = asyncio.ensure_future(turns.run(_hang, (begun, go_on)))
            await asyncio.to_thread(begun.wait)
            given_up.cancel()
            await asyncio.wait([given_up])
        assert await turns.run(str, (1,)) == "1"
    finally:
        go_on.set()


async def test_calls_that_were_given_up_and_go_on_are_bounded() -> None:
    turns, go_on = Turns(2, 1), threading.Event()
    begun = threading.Event()
    given_up = asyncio.ensure_future(turns.run(_hang, (begun, go_on)))
    await asyncio.to_thread(begun.wait)
    with pytest.raises(NoTurn, match="None of this runner's 1 threads for hooks is free"):
        await turns.run(str, (1,))
    go_on.set()
    await given_up
    assert await turns.run(str, (1,)) == "1"


def _hang(begun: threading.Event, go_on: threading.Event) -> None:
    begun.set()
    go_on.wait()


def _kind(value: object) -> str:
    """Names a case alike in every process."""
    return type(value).__name__


@pytest.mark.parametrize("returned", ["yes", 1, 0, [], (True for _ in ()), len, ValueError("no"), object()], ids=_kind)
def test_what_is_neither_true_nor_false_is_no_answer(returned: object) -> None:
    with pytest.raises(Unsendable, match=r"canAccess returned a .*; return True or False"):
        _is_allowed(returned)


async def test_the_timer_of_an_answered_call_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[asyncio.TimerHandle] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def counted(delay: float, *rest: Any) -> asyncio.TimerHandle:
        timers.append(call_later(delay, *rest))
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", counted)
    replies = Replies()
    unused = cast(ProjectConfig, None), cast(Project, None)
    hooks = Hooks(cast(Outbox, replies), pb.Limits(), *unused)
    hooks.begin(pb.Call(call_id=1, hook=pb.HOOK_ON_JOIN, target="none", deadline_ms=3_600_000), b"")
    async with asyncio.timeout(5):
        await replies.came.wait()
    assert [timer.cancelled() for timer in timers if timer.when() - loop.time() > 60] == [True]
