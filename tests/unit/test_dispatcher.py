"""dispatcher: the one funnel."""

from __future__ import annotations

import asyncio

import pytest

from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, Invocation, Outcome, Step, TriggerKind
from tests.fakes import FakePool, FakeRunner, settle

STEP = Step("a", "node", "steps/a.step.ts", "event")
INVOCATION = Invocation(STEP, TriggerKind.EVENT, b"", "0" * 31 + "1")


async def test_an_idle_runner_runs_it_without_a_wait() -> None:
    outcome = Outcome(b"\x01")
    pool = FakePool(runner := FakeRunner(outcome))
    assert await Dispatcher({"node": pool}).dispatch(INVOCATION, 5) is outcome
    assert runner.invocations == [INVOCATION]
    assert pool.waits == []


async def test_the_step_s_language_decides() -> None:
    node, python = FakeRunner(), FakeRunner()
    await Dispatcher({"python": FakePool(python), "node": FakePool(node)}).dispatch(INVOCATION, 5)
    assert (len(node.invocations), len(python.invocations)) == (1, 0)


async def test_a_busy_pool_is_waited_for() -> None:
    pool = FakePool(runner := FakeRunner(), busy=True)
    assert (await Dispatcher({"node": pool}).dispatch(INVOCATION, 2.5)).failure is None
    assert pool.waits == [2.5]
    assert runner.invocations == [INVOCATION]


async def test_no_room_in_time_is_overloaded() -> None:
    pool = FakePool(None)
    failure = (await Dispatcher({"node": pool}).dispatch(INVOCATION, 0.5)).failure
    assert failure is not None
    assert failure.kind is FailureKind.OVERLOADED
    assert "node" in failure.message
    assert "0.5 s" in failure.message
    assert pool.waits == [0.5]


async def test_a_failure_comes_back_as_it_is() -> None:
    outcome = Outcome(failure=Failure(FailureKind.HANDLER, "boom"))
    assert await Dispatcher({"node": FakePool(FakeRunner(outcome))}).dispatch(INVOCATION, 5) is outcome


async def test_a_caller_that_leaves_cancels_the_run() -> None:
    runner = FakeRunner()
    runner.hold()
    task = asyncio.ensure_future(Dispatcher({"node": FakePool(runner)}).dispatch(INVOCATION, 5))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runner.cancelled == [INVOCATION]
