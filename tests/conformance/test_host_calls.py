"""PROTOCOL.md, section 7: host calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, connected
from tests.conformance.project import Project

CALLS = 32
ENOUGH_TO_STOP_THE_WRITER = 16 << 20
"""Bytes: far more than the transport takes while nobody reads."""
TURNS = 20
MAX_DEPTH = 512


async def test_m33_replies_in_any_order(core: Core) -> None:
    runs = [await core.start("asks_many", CALLS) for _ in range(2)]
    calls = [await core.expect(pb.HostCall) for _ in range(2 * CALLS)]
    numbers = [each.host_call.call_id for each in core.envelopes() if each.HasField("host_call")]
    assert len(set(numbers)) == len(numbers)
    assert 0 not in numbers
    for call in reversed(calls):
        await core.reply(call, [call.invocation_id, call.key])
    for run in runs:
        assert core.value(await core.result(run)) == [[run, str(each)] for each in range(CALLS)]
    later = await core.start("asks", "one more")
    call = await core.expect(pb.HostCall)
    assert call.call_id not in numbers, "the id of a call that was answered"
    await core.reply(call)
    await core.result(later)


@pytest.mark.parametrize("retryable", [False, True])
async def test_m34_host_failures_are_thrown(core: Core, retryable: bool) -> None:
    caught = core.value(await core.result(await _refused(core, "tries", retryable)))
    assert caught.startswith("caught: ")
    assert "the shelf is locked" in caught
    failure = (await core.result(await _refused(core, "asks", retryable))).failure
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert "the shelf is locked" in failure.message
    assert failure.retryable == retryable, "as the core said"
    assert Path(core.project.step("asks")).name in failure.stack


async def _refused(core: Core, step: str, retryable: bool) -> int:
    number = await core.start(step, "x")
    await core.refuse(await core.expect(pb.HostCall), "the shelf is locked", retryable)
    return number


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("function", "data.items[1].run"),
        ("surrogate", "data.items[1].run"),
        ("integer", "data.items[1].run"),
        ("cycle", "data.loop[0].self"),
        (MAX_DEPTH + 1, str(MAX_DEPTH)),
    ],
)
async def test_what_cannot_be_sent_is_refused_at_the_call(core: Core, data: object, words: str) -> None:
    caught = await core.call("emits_odd", data)
    assert caught.startswith("caught: ")
    assert words in caught
    assert core.pending(pb.HostCall) == 0


async def test_m35_no_host_calls_after_the_result(core: Core) -> None:
    assert await core.call("leaves_work") == "left"
    outcome = await core.call("releases")
    assert outcome.startswith("caught: ")
    await core.settle()
    assert core.pending(pb.HostCall) == 0
    assert await core.call("echo", 1) == 1


async def test_a_call_whose_run_ends_while_it_is_sent_is_given_up(core: Core) -> None:
    run = await core.start("emits_big", ENOUGH_TO_STOP_THE_WRITER)
    transfer = (await core.expect(pb.Chunk)).transfer
    core.stop_reading()
    await core.send(pb.Cancel(invocation_id=run, reason=pb.CANCEL_REASON_CLIENT_GONE, grace_ms=0))
    for turn in range(TURNS):  # of the runner, so that it has answered in the handler's place
        await core.start("signals", f"turn {turn}")
        await core.process.has_printed(f"turn {turn}")
    core.read_on()
    assert (await core.result(run)).failure.kind == pb.FAILURE_KIND_CANCELLED
    await core.expect(pb.Chunk, lambda chunk: chunk.transfer == transfer and chunk.HasField("aborted"))
    await core.settle()
    assert core.pending(pb.HostCall) == 0
    assert await core.call("echo", 1) == 1


async def test_host_calls_over_the_limit_wait_their_turn(project: Project) -> None:
    async with connected(project, max_host_calls=4) as core:
        run = await core.start("asks_many", 10)
        for answered in range(10):
            await core.settle()
            assert core.pending(pb.HostCall) == min(4, 10 - answered)
            call = await core.expect(pb.HostCall)
            await core.reply(call, call.key)
        assert core.value(await core.result(run)) == [str(each) for each in range(10)]


async def test_host_calls_say_what_they_mean(core: Core) -> None:
    run = await core.start("keeps", {"n": 1})
    call = await core.expect(pb.HostCall)
    assert (call.op, call.group, call.key) == (pb.HOST_OP_STATE_SET, "shelf", "item")
    assert core.value(call) == {"n": 1}
    await core.reply(call)
    call = await core.expect(pb.HostCall)
    assert (call.op, call.group, call.key) == (pb.HOST_OP_STATE_GET, "shelf", "item")
    await core.reply(call)
    assert core.value(await core.result(run)) == [{"n": 1}, None]
