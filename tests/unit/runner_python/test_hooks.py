"""runtime_runner.hooks: what is left of a call that is answered."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.hooks import Hooks
from runtime_runner.outbox import Outbox
from runtime_runner.project import Project
from runtime_runner.project_config import ProjectConfig


class Replies:
    """Stands in for the outbox."""

    full = False

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def put(self, envelope: pb.RunnerEnvelope) -> None:
        self.came.set()


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
