"""runners/hooks: hooks of the project, asked of whichever runner is there."""

from __future__ import annotations

import asyncio

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.config import StreamSettings
from runtime.errors import HookFailed
from runtime.model import FailureKind, Hook
from runtime.runners.hooks import RunnerHooks
from runtime.runners.pool import Pool
from runtime.values import decode, encode
from tests.fakes import settle
from tests.unit.runners.dialled import HELLO, HELLO_WITH_HOOKS, HELLO_WITH_NODES, Dialled, pass_time

TARGET = "steps/s.stream.ts"
FAR = 3600.0


class Hooked:
    """Hooks over one pool, of language "node"."""

    def __init__(self, **settings: object) -> None:
        self.pool = Pool()
        self.hooks = RunnerHooks({"node": self.pool}, StreamSettings.model_validate(settings))

    def call(self, language: str = "node") -> asyncio.Task[bytes]:
        """A call that has begun."""
        return asyncio.ensure_future(self.hooks.call(language, Hook.CAN_ACCESS, TARGET, b"\x01"))

    def tell(self) -> asyncio.Task[None]:
        """The same for what is only told."""
        return asyncio.ensure_future(self.hooks.tell("node", Hook.ON_JOIN, TARGET, b"\x01"))


async def failure_of(call: asyncio.Task[bytes] | asyncio.Task[None]) -> FailureKind:
    async with asyncio.timeout(5):
        with pytest.raises(HookFailed) as failed:
            await call
    return failed.value.failure.kind


async def answer(dialled: Dialled, call: pb.Call, payload: bytes = b"\xc3") -> None:
    await dialled.send(call_reply=pb.CallReply(call_id=call.call_id, payload=payload))


async def test_a_call_gets_its_reply() -> None:
    hooked = Hooked()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        call = hooked.call()
        await settle()
        assert dialled.last("call").hook == pb.HOOK_CAN_ACCESS
        assert 0 < dialled.last("call").deadline_ms <= 5000
        await answer(dialled, dialled.last("call"))
        assert await call == b"\xc3"


async def test_a_call_waits_for_the_restart_of_its_runner() -> None:
    hooked = Hooked()
    call = hooked.call()
    await settle()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        await settle()
        await answer(dialled, dialled.last("call"))
        assert await call == b"\xc3"


async def test_where_its_runner_is_lost_a_question_is_asked_once_more() -> None:
    hooked = Hooked()
    async with Dialled() as first, Dialled() as second, Dialled() as third:
        hooked.pool.add((await first.open(HELLO_WITH_HOOKS)).link)
        call = hooked.call()
        await settle()
        await first.end()
        await settle()
        assert not call.done()
        hooked.pool.add((await second.open(HELLO_WITH_HOOKS)).link)
        await settle()
        await answer(second, second.last("call"))
        assert await call == b"\xc3"
        call = hooked.call()
        await settle()
        await second.end()
        hooked.pool.add((await third.open(HELLO_WITH_HOOKS)).link)
        await settle()
        await third.end()
        assert await failure_of(call) is FailureKind.RUNNER_LOST


async def test_asked_once_more_it_has_what_is_left_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hooked = Hooked(hookTimeout=60)
    async with Dialled() as first, Dialled() as second:
        hooked.pool.add((await first.open(HELLO_WITH_HOOKS)).link)
        call = hooked.call()
        await settle()
        pass_time(monkeypatch, 20)
        await first.end()
        hooked.pool.add((await second.open(HELLO_WITH_HOOKS)).link)
        await settle()
        assert 39_000 < second.last("call").deadline_ms <= 40_000
        await answer(second, second.last("call"))
        await call


async def test_what_is_only_told_is_not_told_twice() -> None:
    hooked = Hooked()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        telling = hooked.tell()
        await settle()
        await dialled.end()
        assert await failure_of(telling) is FailureKind.RUNNER_LOST


async def test_what_is_told_takes_no_place_of_what_is_asked() -> None:
    hooked = Hooked(maxHookCalls=4)
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        tellings = [hooked.tell() for _ in range(8)]
        await settle()
        assert len(dialled.all("call")) == 1
        calls = [hooked.call() for _ in range(4)]
        await settle()
        asked = [call for call in dialled.all("call") if call.hook == pb.HOOK_CAN_ACCESS]
        assert len(asked) == 4
        for call in asked:
            await answer(dialled, call)
        assert await asyncio.gather(*calls) == [b"\xc3"] * 4
        for _ in tellings:
            await answer(dialled, [call for call in dialled.all("call") if call.hook == pb.HOOK_ON_JOIN][-1], b"")
            await settle()
        await asyncio.gather(*tellings)


async def test_what_is_told_waits_for_its_turn_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    hooked = Hooked(maxHookCalls=1, hookTimeout=5)
    first, second = hooked.tell(), hooked.tell()
    await settle()
    pass_time(monkeypatch, 60)
    await settle()
    assert not first.done()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        await settle()
        assert dialled.last("call").deadline_ms == 5000
        await answer(dialled, dialled.last("call"), b"")
        await first
        pass_time(monkeypatch, 60)
        assert dialled.last("call").deadline_ms == 5000
        await answer(dialled, dialled.last("call"), b"")
        await second


async def test_without_a_runner_in_time_it_fails() -> None:
    assert await failure_of(Hooked(hookTimeout=0.01).call()) is FailureKind.DEADLINE


async def test_without_an_answer_in_time_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    hooked = Hooked(hookTimeout=60)
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        call = hooked.call()
        await settle()
        pass_time(monkeypatch, 61)
        assert await failure_of(call) is FailureKind.DEADLINE
        await answer(dialled, dialled.last("call"))
        assert dialled.link.is_live, "a late reply is no fault"


async def test_so_many_at_once_and_the_rest_wait() -> None:
    hooked = Hooked(maxHookCalls=2)
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        calls = [hooked.call() for _ in range(3)]
        await settle()
        assert len(dialled.all("call")) == 2
        await answer(dialled, dialled.all("call")[0])
        assert len(dialled.all("call")) == 3
        for open_call in dialled.all("call")[1:]:
            await answer(dialled, open_call)
        assert await asyncio.gather(*calls) == [b"\xc3"] * 3


async def test_one_that_finds_no_place_in_time_says_so() -> None:
    hooked = Hooked(maxHookCalls=1, hookTimeout=0.02)
    async with Dialled() as dialled:  # which never answers, so that the place stays taken
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        has_place, waiting = hooked.call(), hooked.call()
        assert await failure_of(has_place) is FailureKind.DEADLINE
        assert await failure_of(waiting) is FailureKind.OVERLOADED
        with pytest.raises(HookFailed, match=r"found no place within 0.02 s \(streams.maxHookCalls\)"):
            await waiting


async def test_a_call_that_nobody_waits_for_counts_until_its_runner_has_answered() -> None:
    hooked = Hooked(maxHookCalls=1)
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        left = hooked.call()
        await settle()
        left.cancel()
        waiting = hooked.call()
        await settle()
        assert len(dialled.all("call")) == 1
        await answer(dialled, dialled.all("call")[0])
        await answer(dialled, dialled.all("call")[1])
        assert await waiting == b"\xc3"


async def test_one_who_leaves_while_waiting_takes_no_place() -> None:
    hooked = Hooked(maxHookCalls=1)
    left = hooked.call()
    await settle()
    left.cancel()
    await settle()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        call = hooked.call()
        await settle()
        await answer(dialled, dialled.last("call"))
        assert await call == b"\xc3"


async def test_a_runner_that_does_not_answer_hooks_is_not_asked() -> None:
    hooked = Hooked()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO)).link)
        assert await failure_of(hooked.call()) is FailureKind.REFUSED
        assert dialled.all("call") == []


async def test_a_runner_that_was_given_up_is_not_waited_for() -> None:
    hooked = Hooked(hookTimeout=FAR, maxHookCalls=1)
    waiting, behind = hooked.call(), hooked.call()
    await settle()
    hooked.pool.give_up("node is not there")
    for call in (waiting, behind, hooked.call()):
        assert await failure_of(call) is FailureKind.REFUSED
    with pytest.raises(HookFailed, match="there is no node runner: node is not there"):
        await hooked.call()


async def test_without_a_runner_of_the_language_it_is_refused() -> None:
    assert await failure_of(Hooked().call("ruby")) is FailureKind.REFUSED


NODE = "steps/a.step.tsx"


async def test_a_component_is_asked_of_a_runner_that_bundles() -> None:
    hooked = Hooked()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_NODES)).link)
        asked = asyncio.ensure_future(hooked.hooks.node(NODE, 1000, 5.0))
        await settle()
        call = dialled.last("call")
        assert (call.hook, call.target, decode(call.payload)) == (pb.HOOK_NODE, NODE, {"maxBytes": 1000})
        await answer(dialled, call, encode("export {}"))
        assert await asked == "export {}"


@pytest.mark.parametrize("hello", [HELLO, HELLO_WITH_HOOKS])
async def test_a_component_is_asked_of_no_other_runner(hello: pb.Hello) -> None:
    hooked = Hooked()
    with pytest.raises(HookFailed, match=r"no runner is there that bundles steps/a\.step\.tsx"):
        await hooked.hooks.node(NODE, 1000, 5.0)
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(hello)).link)
        with pytest.raises(HookFailed) as failed:
            await hooked.hooks.node(NODE, 1000, 5.0)
        assert failed.value.failure.kind is FailureKind.REFUSED
        assert dialled.all("call") == []


@pytest.mark.parametrize("reply", ["x" * 1001, 7])
async def test_a_module_that_is_none_or_too_long_is_refused(reply: object) -> None:
    hooked = Hooked()
    async with Dialled() as dialled:
        hooked.pool.add((await dialled.open(HELLO_WITH_NODES)).link)
        asked = asyncio.ensure_future(hooked.hooks.node(NODE, 1000, 5.0))
        await settle()
        await answer(dialled, dialled.last("call"), encode(reply))
        with pytest.raises(HookFailed) as failed:
            await asked
        assert failed.value.failure.kind is FailureKind.INVALID_OUTPUT
