"""PROTOCOL.md, section 6: cancelling, deadlines, draining."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, connected
from tests.conformance.project import Project

GRACE_MS = 400
NOISE_SECONDS = 0.5
"""What a busy machine may add to a time that the protocol sets."""
GRACES_MS = (0, 150, 350, 600)
EARLY_SECONDS = 0.02
"""What a timer may be early by its rounding."""
LATE_SECONDS = 0.1
"""Far above what an idle machine adds; a busy one may add more in a round, but not in each."""
ROUNDS = 4
SILENCE = 0.3
"""Seconds of listening for what must not come."""
LEAVING_SECONDS = 2.0
"""What a runner may take after the grace to cancel what is left, and to leave."""
NEVER_MS = 3_600_000


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (pb.CANCEL_REASON_DEADLINE, pb.FAILURE_KIND_DEADLINE),
        (pb.CANCEL_REASON_CLIENT_GONE, pb.FAILURE_KIND_CANCELLED),
        (pb.CANCEL_REASON_SHUTDOWN, pb.FAILURE_KIND_CANCELLED),
    ],
)
async def test_m26_cancel_is_answered_in_time(core: Core, reason: pb.CancelReason, kind: pb.FailureKind) -> None:
    polite = await _start_waiting(core, "stops")
    passive = await _start_waiting(core, "gives_way")
    await core.send(*(pb.Cancel(invocation_id=each, reason=reason, grace_ms=NEVER_MS) for each in (polite, passive)))
    assert core.value(await core.result(polite)) == "stopped"
    assert (await core.result(passive)).failure.kind == kind

    stubborn = await _start_waiting(core, "stubborn")
    began = time.monotonic()
    await core.send(pb.Cancel(invocation_id=stubborn, reason=reason, grace_ms=GRACE_MS))
    assert (await core.result(stubborn)).failure.kind == kind
    assert time.monotonic() - began <= GRACE_MS / 1000 + NOISE_SECONDS


async def test_a_cancel_is_answered_when_its_grace_has_passed_and_not_before(core: Core) -> None:
    lasting = await _start_waiting(core, "stubborn")
    await core.send(pb.Cancel(invocation_id=lasting, reason=pb.CANCEL_REASON_DEADLINE, grace_ms=NEVER_MS))
    for _ in range(ROUNDS):
        late = await asyncio.gather(*(_lateness(core, grace) for grace in GRACES_MS))
        assert min(late) >= -EARLY_SECONDS
        if statistics.median(late) <= LATE_SECONDS:
            break
    else:
        raise AssertionError(
            f"in each of {ROUNDS} rounds half of the cancelled runs were answered late, last by {late}"
        )
    assert core.pending(pb.Result) == 0


async def _lateness(core: Core, grace_ms: int) -> float:
    """Seconds from the end of the grace to the answer, negative for one that comes before."""
    run = await _start_waiting(core, "stubborn")
    began = time.monotonic()
    await core.send(pb.Cancel(invocation_id=run, reason=pb.CANCEL_REASON_DEADLINE, grace_ms=grace_ms))
    assert (await core.result(run)).failure.kind == pb.FAILURE_KIND_DEADLINE
    return time.monotonic() - began - grace_ms / 1000


async def test_a_run_that_was_answered_in_its_place_says_nothing_more(core: Core) -> None:
    run = await _start_waiting(core, "outlasts")
    await core.send(pb.Cancel(invocation_id=run, reason=pb.CANCEL_REASON_CLIENT_GONE, grace_ms=0))
    assert (await core.result(run)).failure.kind == pb.FAILURE_KIND_CANCELLED
    assert (await core.call("releases")).startswith("caught: ")
    await core.process.has_printed("outlasted")
    await core.settle()
    assert core.pending(pb.HostCall) == 0, "M35"
    assert core.pending(pb.Result) == 0, "M13"


async def test_a_handler_that_blocks_its_thread_is_answered_for(core: Core) -> None:
    if not core.project.has_step("blocks"):
        pytest.skip("this language has no threads to give")
    blocked = await core.start("blocks", 2)
    await core.settle()
    began = time.monotonic()
    await core.send(pb.Cancel(invocation_id=blocked, reason=pb.CANCEL_REASON_DEADLINE, grace_ms=GRACE_MS))
    assert (await core.result(blocked)).failure.kind == pb.FAILURE_KIND_DEADLINE
    assert time.monotonic() - began <= GRACE_MS / 1000 + NOISE_SECONDS


async def test_m27_late_cancel_is_ignored(core: Core) -> None:
    ended = await core.start("echo", 1)
    await core.result(ended)
    unknown = ended + 1000
    reason = pb.CANCEL_REASON_CLIENT_GONE
    await core.send(*(pb.Cancel(invocation_id=each, reason=reason, grace_ms=0) for each in (ended, unknown)))
    await core.settle()
    assert core.pending(pb.Result) == 0
    assert await core.call("echo", 2) == 2


async def test_m28_drain_finishes_and_leaves(project: Project) -> None:
    async with connected(project) as core:
        await core.call("leaves_work")
        asking = await core.start("asks", "please")
        call = await core.expect(pb.HostCall)
        await core.send(pb.Drain(grace_ms=NEVER_MS))
        await core.settle()
        assert core.pending(pb.Bye) == 0
        await core.reply(call, "answer")
        assert core.value(await core.result(asking)) == "answer"
        await _assert_leaves(core)


async def test_drain_cancels_what_outlasts_the_grace(project: Project) -> None:
    async with connected(project) as core:
        runs = [await _start_waiting(core, step) for step in ("stops", "gives_way", "stubborn")]
        if project.has_step("blocks"):
            runs.append(await core.start("blocks", 2))
            await core.settle()
        began = time.monotonic()
        await core.send(pb.Drain(grace_ms=GRACE_MS))
        polite, *others = [await core.result(each) for each in runs]
        assert core.value(polite) == "stopped"
        assert {each.failure.kind for each in others} == {pb.FAILURE_KIND_CANCELLED}
        assert time.monotonic() - began >= GRACE_MS / 1000
        await _assert_leaves(core)
        assert time.monotonic() - began <= GRACE_MS / 1000 + LEAVING_SECONDS


async def test_a_drain_outlasts_no_earlier_cancel(project: Project) -> None:
    async with connected(project) as core:
        run = await _start_waiting(core, "stubborn")
        await core.settle()
        await core.send(pb.Cancel(invocation_id=run, reason=pb.CANCEL_REASON_DEADLINE, grace_ms=NEVER_MS))
        await core.send(pb.Drain(grace_ms=0))
        assert (await core.result(run)).failure.kind == pb.FAILURE_KIND_DEADLINE
        await _assert_leaves(core)


async def test_m29_pong(core: Core, tmp_path: Path) -> None:
    await core.send(pb.Ping(nonce=2**64 - 1))
    pong = await core.expect(pb.Pong)
    assert pong.nonce == 2**64 - 1
    assert pong.memory_bytes > 1 << 20
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = await core.start("holds_loop", str(pipe))
    await core.process.has_printed("holding")
    await core.send(pb.Ping(nonce=1))
    await core.expect_silence(SILENCE)
    await asyncio.to_thread(pipe.write_text, "let go")
    assert (await core.expect(pb.Pong)).nonce == 1
    assert core.value(await core.result(held)) == "let go"


async def _start_waiting(core: Core, step: str) -> int:
    """Starts a step that asks once and then waits until it is cancelled; gives its id once it has asked."""
    number = await core.start(step)
    await core.reply(await core.expect(pb.HostCall, lambda call: call.invocation_id == number))
    return number


async def _assert_leaves(core: Core) -> None:
    bye = await core.expect(pb.Bye)
    assert bye.reason == pb.BYE_REASON_DRAINED
    assert await core.process.exit_code() == 0
    assert core.ended.is_set()
    assert core.envelopes()[-1].HasField("bye")
