"""runners/calls: what the core asks of a runner, through a link."""

from __future__ import annotations

import asyncio

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.model import Failure, FailureKind, LogLevel, Payload, whole
from runtime.runners.calls import LOOKS_BESIDE_HANDLERS, Calls, Question
from runtime.runners.outbox import Outbox
from tests.fakes import settle
from tests.unit.runners.dialled import (
    CHUNK,
    HELLO_WITH_HOOKS,
    MAX_PAYLOAD,
    MAX_QUEUED,
    PATIENCE,
    Dialled,
    chunks,
    pass_time,
)

TARGET = "steps/s.stream.ts"
QUESTION = Question(pb.HOOK_CAN_ACCESS, "canAccess", TARGET, b"\x01")
FAR = 3600.0
MANY = 1000


async def ask(
    dialled: Dialled, question: Question = QUESTION, seconds: float = FAR
) -> asyncio.Future[Payload | Failure]:
    """A call that the runner has."""
    answer = await dialled.link.call(question, lambda: seconds)
    await settle()
    return answer


def reply(call: pb.Call, payload: bytes = b"\xc3", **fields: object) -> pb.RunnerEnvelope:
    return pb.RunnerEnvelope(call_reply=pb.CallReply(call_id=call.call_id, payload=payload, **fields))  # type: ignore[arg-type]


async def test_a_call_says_what_is_asked_and_how_long_there_is() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answer = await ask(dialled, seconds=2.5)
        call = dialled.last("call")
        assert (call.hook, call.target, call.payload, call.deadline_ms) == (pb.HOOK_CAN_ACCESS, TARGET, b"\x01", 2500)
        await dialled.send(reply(call))
        assert answer.result() == b"\xc3"


async def test_replies_come_in_any_order() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answers = [await ask(dialled) for _ in range(2)]
        first, second = dialled.all("call")
        assert first.call_id != second.call_id
        await dialled.send(reply(second, b"\x02"), reply(first, b"\x01"))
        assert [answer.result() for answer in answers] == [b"\x01", b"\x02"]


async def test_large_payloads_are_transfers_both_ways() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        payload = bytes(range(256)) * (CHUNK // 64)
        answer = await ask(dialled, QUESTION._replace(payload=payload))
        call = dialled.last("call")
        sent = b"".join(chunk.data for chunk in dialled.all("chunk") if chunk.transfer == call.payload_transfer)
        assert (call.payload, sent) == (b"", payload)
        await dialled.send(*chunks(7, payload), reply(call, b"", payload_transfer=7))
        answered = answer.result()
        assert not isinstance(answered, Failure)
        assert whole(answered) == payload


async def test_what_is_over_the_limit_is_not_sent() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answer = await ask(dialled, QUESTION._replace(payload=bytes(MAX_PAYLOAD + 1)))
        failure = answer.result()
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.INVALID_INPUT
        assert "link.maxPayloadBytes" in failure.message
        assert dialled.all("call") == []


async def test_a_failure_comes_as_it_is() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answer = await ask(dialled)
        thrown = pb.Failure(kind=pb.FAILURE_KIND_HANDLER, type="TypeError", message="no", stack="at x")
        await dialled.send(reply(dialled.last("call"), b"", failure=thrown))
        failure = answer.result()
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.type, failure.stack) == (FailureKind.HANDLER, "TypeError", "at x")


async def test_with_the_runner_all_calls_are_lost_and_so_is_one_that_comes_later() -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answer = await ask(dialled)
        await dialled.end()
        for lost in (answer, await ask(dialled)):
            failure = lost.result()
            assert isinstance(failure, Failure)
            assert failure.kind is FailureKind.RUNNER_LOST


@pytest.mark.parametrize("unasked", ["never", "answered", "on its way"])
async def test_a_reply_that_nobody_waits_for_breaks_the_protocol(unasked: str) -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        call = pb.Call(call_id=9)
        if unasked == "answered":
            await ask(dialled)
            call = dialled.last("call")
            await dialled.send(reply(call))
        if unasked == "on its way":
            dialled.reading.clear()
            await ask(dialled, QUESTION._replace(payload=bytes(8 * CHUNK)))
            call = pb.Call(call_id=1)
        await dialled.send(reply(call))
        dialled.reading.set()
        await settle()
        assert f"a reply came for call {call.call_id}" in dialled.sink.messages(LogLevel.ERROR)[-1]
        assert not dialled.link.is_live


QUICK = LinkSettings.model_validate({"stuckAfter": 0.01})


async def test_a_runner_that_a_hook_blocks_is_given_up() -> None:
    async with Dialled(settings=QUICK) as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        answer = await ask(dialled, seconds=0.001)
        await asyncio.wait([dialled.serving], timeout=5)
        failure = answer.result()
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.RUNNER_LOST
        [line] = dialled.sink.messages(LogLevel.ERROR)
        assert f"canAccess of {TARGET} lets nothing else have a turn" in line


class Looking:
    """Calls beside handlers; each look at one that is overdue is kept, and what is blamed."""

    def __init__(self, looks: int) -> None:
        self.looks = 0
        self.blamed: list[str] = []
        self.done = asyncio.Event()
        self._enough = looks
        self.calls = Calls(QUICK, Outbox(CHUNK, MAX_QUEUED, lambda: None), self._is_busy, self._blame)

    def _is_busy(self) -> bool:
        self.looks += 1
        if self.looks == self._enough:
            self.done.set()
        return True

    def _blame(self, why: str, source: str) -> None:
        self.blamed.append(why)
        self.done.set()

    async def wait(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.done.wait()


async def test_a_hook_is_not_blamed_at_once_while_handlers_run() -> None:
    looking = Looking(looks=LOOKS_BESIDE_HANDLERS - 1)
    answer = looking.calls.begin(QUESTION, 0)
    await looking.wait()
    assert looking.blamed == []
    looking.calls.answer(pb.CallReply(call_id=1), b"\xc3")
    assert answer.result() == b"\xc3"


async def test_a_runner_that_answers_no_hook_for_long_is_given_up_whatever_runs_in_it() -> None:
    looking = Looking(looks=LOOKS_BESIDE_HANDLERS + 1)
    looking.calls.begin(QUESTION, 0)
    await looking.wait()
    [why] = looking.blamed
    assert looking.looks == LOOKS_BESIDE_HANDLERS
    assert f"canAccess of {TARGET} or a handler lets nothing else have a turn" in why


async def test_where_several_hooks_are_out_none_of_them_is_blamed_alone() -> None:
    looking = Looking(looks=MANY)
    for number in (1, 2, 2, 3, 4, 5):
        looking.calls.begin(QUESTION._replace(target=f"s{number}"), 0)
    await looking.wait()
    [why] = looking.blamed[:1]
    named = ", ".join(f"canAccess of s{number}" for number in (1, 2, 3))
    assert why == f"one of these hooks or a handler lets nothing else have a turn: {named} and 2 more"


async def test_of_a_runner_that_is_given_up_one_line_tells() -> None:
    async with Dialled(settings=QUICK) as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        for _ in range(3):
            await ask(dialled, seconds=0)
        await asyncio.wait([dialled.serving], timeout=PATIENCE)
        assert len(dialled.sink.messages(LogLevel.ERROR)) == 1


async def test_a_call_that_had_to_wait_for_room_has_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Dialled() as dialled:
        await dialled.open(HELLO_WITH_HOOKS)
        dialled.reading.clear()
        large = QUESTION._replace(payload=bytes(MAX_PAYLOAD))
        for _ in range(2 * MAX_QUEUED // MAX_PAYLOAD):
            if dialled.link.room == 0:
                break
            await ask(dialled, large)
        loop = asyncio.get_running_loop()
        end = loop.time() + 5.0
        waiting = asyncio.ensure_future(dialled.link.call(QUESTION, lambda: end - loop.time()))
        await settle()
        assert not waiting.done()
        pass_time(monkeypatch, 3.0)
        dialled.reading.set()
        await waiting
        await settle()
        assert 1900 < dialled.last("call").deadline_ms <= 2000
