"""Cancelling and draining: the handler is told, and the result comes in time."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.context import FlowContext
from runtime_runner.values import decode
from tests.unit.runner_python.bench import bench

REQUEST = {"method": "POST", "path": "/", "form": "none"}


def _cancel(grace_ms: int, reason: pb.CancelReason = pb.CANCEL_REASON_CLIENT_GONE) -> pb.Cancel:
    return pb.Cancel(invocation_id=1, reason=reason, grace_ms=grace_ms)


async def test_a_cancelled_task_ends_the_run() -> None:
    started = asyncio.Event()

    async def handler() -> None:
        started.set()
        await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await started.wait()
        runner.executor.cancel(_cancel(60_000, pb.CANCEL_REASON_DEADLINE))
        assert (await done).failure.kind == pb.FAILURE_KIND_DEADLINE
        runner.executor.cancel(_cancel(0))


async def test_a_run_that_is_cancelled_before_its_first_step() -> None:
    async with bench() as runner:
        runner.install(asyncio.Event().wait)
        done = runner.start()
        runner.executor.cancel(_cancel(60_000))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert runner.executor.in_flight == 0


async def test_what_a_handler_returns_within_the_grace_counts() -> None:
    started = asyncio.Event()

    async def handler() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "cleaned up"
        return "never"

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await started.wait()
        runner.executor.cancel(_cancel(60_000))
        assert decode((await done).payload) == "cleaned up"


async def test_a_plain_handler_sees_its_cancellation() -> None:
    started, cancelled = threading.Event(), threading.Event()

    def handler(input: Any, ctx: FlowContext) -> bool:
        started.set()
        cancelled.wait(10)
        return ctx.cancelled

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await asyncio.to_thread(started.wait, 10)
        runner.executor.cancel(_cancel(60_000))
        cancelled.set()
        assert decode((await done).payload) is True


async def test_an_async_handler_behind_plain_middleware_is_cancelled() -> None:
    started = asyncio.Event()

    async def handler() -> None:
        started.set()
        await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler, lambda req, ctx, go_on: go_on())
        done = runner.start(REQUEST, trigger=pb.TRIGGER_KIND_API)
        await started.wait()
        runner.executor.cancel(_cancel(60_000))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED


async def test_a_handler_that_goes_on_is_answered_for() -> None:
    started, ended = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def handler(input: Any, ctx: FlowContext) -> None:
        started.set()
        try:
            ctx.state.get("g", "k")
        except RuntimeError as error:
            errors.append(error)
        ended.set()

    async with bench() as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        await runner.host_call()
        runner.executor.cancel(_cancel(1))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert await asyncio.to_thread(ended.wait, 10)
        assert "after its invocation had ended" in str(errors[0])
        runner.calls.answer(pb.HostReply(call_id=1), b"")
    assert len(runner.sent("result")) == 1
    assert "goes on after it was cancelled" in runner.sent("log")[0].message


async def test_a_drain_waits_and_then_cancels() -> None:
    async def handler(input: Any) -> None:
        if input == "hangs":
            await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler)
        quick, hangs = runner.start("quick", id=1), runner.start("hangs", id=2)
        await runner.executor.drain(1)
        assert not (await quick).HasField("failure")
        assert (await hangs).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert (await runner.start("quick", id=3)).failure.kind == pb.FAILURE_KIND_OVERLOADED
        await runner.executor.drain(60_000)
