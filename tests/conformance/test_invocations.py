"""PROTOCOL.md, section 5: invocations."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, connected, unpack
from tests.conformance.project import Project

AT_ONCE = 64
BIG = 200_000


async def test_m13_one_result_for_each_invoke(core: Core) -> None:
    steps = ("echo", "throws", "unsendable", "big") * 50
    inputs = {"echo": 1, "throws": None, "unsendable": "function", "big": 100}
    started = [await core.start(step, inputs[step]) for step in steps]
    unknown = await core.start("echo", step_file="steps/nowhere")
    for number in [*started, unknown]:
        await core.result(number)
    await core.settle()
    counts = Counter(each.result.invocation_id for each in core.envelopes() if each.HasField("result"))
    assert {counts[number] for number in [*started, unknown]} == {1}


async def test_m14_handlers_run_concurrently(core: Core) -> None:
    waiting = [await core.start("asks", str(number)) for number in range(AT_ONCE)]
    calls = [await core.expect(pb.HostCall) for _ in waiting]
    assert await core.call("echo", "not held up") == "not held up"
    for call in calls:
        await core.reply(call, call.key)
    assert [core.value(await core.result(number)) for number in waiting] == [str(each) for each in range(AT_ONCE)]


@pytest.mark.parametrize("step", ["meets", "blocks"])
async def test_handlers_that_wait_for_each_other_meet(core: Core, step: str) -> None:
    if not core.project.has_step(step):
        pytest.skip("this language has no threads to give")
    waiting = [await core.start(step, AT_ONCE) for _ in range(AT_ONCE - 1)]
    assert await core.call("echo", "not held up") == "not held up"
    waiting.append(await core.start(step, AT_ONCE))
    assert {core.value(await core.result(number)) for number in waiting} == {AT_ONCE}


async def test_m15_unknown_step(core: Core) -> None:
    failure = (await core.invoke("echo", step_file="steps/nowhere")).failure
    assert failure.kind == pb.FAILURE_KIND_UNKNOWN_STEP
    assert "steps/nowhere" in failure.message


async def test_m16_refuses_what_is_over_the_limit(project: Project) -> None:
    async with connected(project, max_in_flight=2) as core:
        first = await core.start("asks", "first")
        second = await core.start("asks", "second")
        calls = {call.key: call for call in [await core.expect(pb.HostCall), await core.expect(pb.HostCall)]}
        assert (await core.invoke("signals", "too much")).failure.kind == pb.FAILURE_KIND_OVERLOADED
        await core.reply(calls["first"], 1)
        assert core.value(await core.result(first)) == 1
        await core.call("signals", "room again")
        await core.reply(calls["second"], 2)
        assert core.value(await core.result(second)) == 2
        for step in ("gives_up", "throws", "unsendable") * 2:
            assert (await core.invoke(step, "function")).failure.kind != pb.FAILURE_KIND_OVERLOADED
        assert core.process.stdout == b"room again\n"


async def test_m17_a_throw_becomes_a_failure(core: Core) -> None:
    failure = (await core.invoke("throws")).failure
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert (failure.type, failure.message) == ("OrderRejected", "order 7 is rejected")
    assert failure.retryable
    assert failure.cause.type == "StockMissing"
    assert "no lemons in stock" in failure.cause.message
    assert (failure.cause.cause.type, failure.cause.cause.message) == ("ShelfEmpty", "shelf 3 is empty")
    assert not failure.cause.cause.HasField("cause")
    assert Path(core.project.step("throws")).name in failure.stack
    assert "stock" in failure.cause.stack
    for each in (failure, failure.cause, failure.cause.cause):
        _assert_own_frames_only(each.stack, core.project.root)


def _assert_own_frames_only(stack: str, root: Path) -> None:
    paths = re.findall(r"(?:(?<=file://)|(?<![\w./:]))/[^\s:\"')]+", stack)
    assert [path for path in paths if not path.startswith(str(root))] == [], stack
    assert "node:" not in stack


async def test_m18_non_retriable(core: Core) -> None:
    failure = (await core.invoke("gives_up")).failure
    assert failure.kind == pb.FAILURE_KIND_NON_RETRIABLE
    assert failure.message == "the card is stolen"
    assert not failure.retryable
    assert failure.cause.message == "code 43"
    for each in (failure, failure.cause):
        _assert_own_frames_only(each.stack, core.project.root)


@pytest.mark.parametrize("value", ["function", "surrogate", "integer"])
async def test_m19_unsendable_result_names_its_place(core: Core, value: str) -> None:
    failure = (await core.invoke("unsendable", value)).failure
    assert failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert "items[1].run" in failure.message
    assert (failure.type, failure.retryable) == ("", False), "no class of the runner's own is shown"


async def test_m20_unawaited_calls_are_finished_first(core: Core) -> None:
    number = await core.start("forgets")
    calls = [await core.expect(pb.HostCall) for _ in range(2)]
    assert {call.target: core.value(call) for call in calls} == {"one": 1, "two": 2}
    await core.settle()
    assert core.pending(pb.Result) == 0
    await core.reply(calls[0], "event-1")
    await core.settle()
    assert core.pending(pb.Result) == 0
    await core.reply(calls[1], "event-2")
    assert core.value(await core.result(number)) == "done"


async def test_a_handler_that_throws_waits_for_its_calls_as_well(core: Core) -> None:
    number = await core.start("forgets", "thrown behind two calls")
    calls = [await core.expect(pb.HostCall) for _ in range(2)]
    for call in calls:
        await core.settle()
        assert core.pending(pb.Result) == 0
        await core.reply(call, "event")
    failure = (await core.result(number)).failure
    assert (failure.kind, failure.message) == (pb.FAILURE_KIND_HANDLER, "thrown behind two calls")


async def test_an_unawaited_call_that_fails_is_the_failure_of_the_run(core: Core) -> None:
    number = await core.start("forgets")
    calls = [await core.expect(pb.HostCall) for _ in range(2)]
    await core.refuse(calls[0], "the topic is closed")
    await core.settle()
    assert core.pending(pb.Result) == 0
    await core.reply(calls[1], "event-2")
    failure = (await core.result(number)).failure
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert "the topic is closed" in failure.message


@pytest.mark.parametrize("size", [1, BIG])
async def test_m21_logs_come_before_the_result(core: Core, size: int) -> None:
    number = await core.start("logs", size)
    assert core.value(await core.result(number)) == "x" * size
    kinds = [each.WhichOneof("kind") for each in core.envelopes() if _concerns(each, number)]
    assert kinds == ["log"] * 4 + ["result"]
    logs = [await core.expect(pb.Log) for _ in range(4)]
    assert [(log.level, log.message) for log in logs] == [
        (pb.LOG_LEVEL_DEBUG, "one"),
        (pb.LOG_LEVEL_INFO, "two"),
        (pb.LOG_LEVEL_WARN, "three"),
        (pb.LOG_LEVEL_ERROR, "four"),
    ]
    assert [unpack(log.data) for log in logs[:3]] == [None, {"n": 2}, [3]]
    assert logs[3].data, "what cannot be sent is logged as the language prints it"
    assert [log.time_ms for log in logs] == sorted(log.time_ms for log in logs)


def _concerns(envelope: pb.RunnerEnvelope, number: int) -> bool:
    return number in (envelope.log.invocation_id, envelope.result.invocation_id)
