"""PROTOCOL.md, section 11: hooks."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import CHUNK_BYTES, Core, connected, started, welcome
from tests.conformance.project import Project

SUBSCRIPTION = {"groupId": "g", "id": "i"}
LARGE = 4 * CHUNK_BYTES
MANY = 20
DEADLINE_MS = 300
EARLY_SECONDS = 0.02
"""What timers may differ by."""
GRACE_MS = 800


def offers(core: Core) -> None:
    """Skips where the runner does not offer the feature."""
    if pb.FEATURE_HOOKS not in core.hello.features:
        pytest.skip("the runner does not offer FEATURE_HOOKS")


@pytest.fixture(autouse=True)
def offered(request: pytest.FixtureRequest) -> None:
    """The same for the tests that share a runner."""
    if "core" in request.fixturenames:
        offers(request.getfixturevalue("core"))


@pytest.fixture
def config(core: Core) -> str:
    """The project's config; skips where the language has none."""
    if not core.project.config():
        pytest.skip("this language has no config file")
    return core.project.config()


async def gated(
    core: Core, hook: pb.Hook, context: object, deadline_ms: int = 0, subscription: object = SUBSCRIPTION
) -> int:
    """Asks a hook of the stream `gated`."""
    given = {"subscription": subscription, "authContext": context}
    return await core.ask(hook, core.project.stream("gated"), given, deadline_ms)


async def may_join(core: Core, context: object, **subscription: str) -> Any:
    asked = await gated(core, pb.HOOK_CAN_ACCESS, context, subscription=subscription or SUBSCRIPTION)
    return core.value(await core.call_reply(asked))


async def authenticate(core: Core, config: str, url: str = "/", **headers: object) -> pb.CallReply:
    request = {"headers": {f"x-{name}": value for name, value in headers.items()}, "url": url}
    return await core.call_reply(await core.ask(pb.HOOK_AUTHENTICATE, config, request))


async def test_m46_the_manifest_names_the_hooks(core: Core) -> None:
    hooks = {entry.file: set(entry.hooks) for entry in core.manifest.streams}
    assert hooks[core.project.stream("gated")] == {pb.HOOK_CAN_ACCESS, pb.HOOK_ON_JOIN, pb.HOOK_ON_LEAVE}
    assert hooks[core.project.stream("tickets")] == set()


async def test_m47_a_guard_that_is_no_function_does_not_load(project: Project) -> None:
    async with connected(project, steps=["echo"]) as core:
        offers(core)
        file = project.break_stream("no_guard")
        manifest = await core.load([project.step("echo")], [file])
        assert not manifest.streams
        assert [failure.file for failure in manifest.load_failures] == [file]
        assert "canAccess" in manifest.load_failures[0].failure.message


async def test_m48_one_reply_for_each_call_whatever_waits(core: Core) -> None:
    waiting = [await gated(core, pb.HOOK_CAN_ACCESS, {"do": "meet", "count": MANY}) for _ in range(MANY - 1)]
    assert await core.call("echo", "meanwhile") == "meanwhile"
    assert await may_join(core, {"do": "give", "value": True})
    waiting.append(await gated(core, pb.HOOK_CAN_ACCESS, {"do": "meet", "count": MANY}))
    for number in waiting:
        assert core.value(await core.call_reply(number)) is True
    await core.settle()
    assert core.pending(pb.CallReply) == 0


async def test_m49_authenticate(core: Core, config: str) -> None:
    reply = await authenticate(core, config, "/chat?token=a%20b", tags=["1", "2"], one="ü")
    request = {"headers": {"x-tags": ["1", "2"], "x-one": "ü"}, "url": "/chat?token=a%20b"}
    assert core.value(reply) == request
    assert core.value(await authenticate(core, config, do="nothing")) is None


@pytest.mark.parametrize(("value", "allowed"), [(True, True), (False, False), (None, False)])
async def test_m50_can_access(core: Core, value: object, allowed: bool) -> None:
    assert await may_join(core, {"do": "give", "value": value}) is allowed
    assert await may_join(core, None, groupId="open") is True
    assert await may_join(core, None, groupId="open", id="i") is False
    assert await may_join(core, None, groupId="closed") is False
    odd = await core.call_reply(await gated(core, pb.HOOK_CAN_ACCESS, {"do": "give", "value": "yes"}))
    assert odd.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT


@pytest.mark.parametrize("allowed", [True, False])
async def test_an_answer_of_can_access_that_is_not_there_yet_is_waited_for(core: Core, allowed: bool) -> None:
    assert await may_join(core, {"do": "give later", "value": allowed}) is allowed


@pytest.mark.parametrize(
    "context",
    [{"do": "give a function"}, *({"do": "give", "value": odd} for odd in ("no", "", 1, 0, {}, {"a": 1}, [True]))],
    ids=repr,
)
async def test_what_is_neither_true_nor_false_is_no_answer(core: Core, context: dict[str, object]) -> None:
    reply = await core.call_reply(await gated(core, pb.HOOK_CAN_ACCESS, context))
    assert reply.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert "canAccess returned a" in reply.failure.message
    assert ("function" in reply.failure.message) == (context["do"] == "give a function")


async def test_m51_joins_and_leaves(core: Core, config: str) -> None:
    for hook in (pb.HOOK_ON_JOIN, pb.HOOK_ON_LEAVE):
        reply = await core.call_reply(await gated(core, hook, {"name": "Ada"}))
        assert not reply.HasField("failure"), reply.failure
        assert reply.payload == b""
    heard = core.value(await authenticate(core, config, do="heard"))
    assert heard == [[what, SUBSCRIPTION, {"name": "Ada"}] for what in ("joined", "left")]


async def test_m52_failures_of_hooks(core: Core) -> None:
    thrown = (await core.call_reply(await gated(core, pb.HOOK_CAN_ACCESS, {"do": "throw"}))).failure
    assert thrown.kind == pb.FAILURE_KIND_HANDLER
    assert thrown.type.endswith("NotYours")
    assert thrown.message == "it is not yours"
    frames = [line for line in thrown.stack.splitlines() if "gated" in line]
    assert frames
    assert str(core.project.runner.folder) not in thrown.stack, "frames of the runner's own"
    absent = (
        (pb.HOOK_CAN_ACCESS, core.project.stream("tickets")),
        (pb.HOOK_CAN_ACCESS, core.project.stream("unheard_of")),
        (pb.HOOK_UNSPECIFIED, core.project.stream("gated")),
    )
    for hook, target in absent:
        reply = await core.call_reply(await core.ask(hook, target, {"subscription": {}, "authContext": None}))
        assert reply.failure.kind == pb.FAILURE_KIND_REFUSED, (hook, target)


@pytest.mark.parametrize("hook", [pb.HOOK_CAN_ACCESS, pb.HOOK_ON_JOIN])
async def test_m53_a_hook_that_takes_too_long_is_answered_for(core: Core, hook: pb.Hook) -> None:
    began = time.monotonic()
    deadlines = [times * DEADLINE_MS for times in (3, 2, 1)]
    hanging = {await gated(core, hook, {"do": "hang"}, deadline): deadline for deadline in deadlines}
    for number, deadline in reversed(hanging.items()):
        failure = (await core.call_reply(number)).failure
        assert failure.kind == pb.FAILURE_KIND_DEADLINE
        assert time.monotonic() - began >= deadline / 1000 - EARLY_SECONDS
    # However late a busy machine makes them, each comes when it is due and not when another is.
    replies = [each.call_reply.call_id for each in core.envelopes() if each.HasField("call_reply")]
    assert [number for number in replies if number in hanging] == list(reversed(hanging))
    assert await may_join(core, {"do": "give", "value": True})
    await core.settle()
    assert core.pending(pb.CallReply) == 0


async def test_m54_the_config_is_loaded_anew_each_time(core: Core, config: str) -> None:
    replies = [core.value(await core.call_reply(await core.ask(pb.HOOK_CONFIG, config))) for _ in range(2)]
    first, second = (reply["config"].pop("loaded") for reply in replies)
    assert second > first
    for reply in replies:
        assert reply["hooks"] == [pb.HOOK_AUTHENTICATE]
        assert {"nested", "app", "streamAuth"} <= set(reply["functions"])
        assert "loaded" not in reply["functions"]
        adapters = reply["config"].pop("adapters", None)
        assert adapters in (None, {"state": {"adapter": "AnyAdapter", "options": {"port": 1}}})
        assert reply["config"] == {"nested": {"n": 1}, "app": None, "streamAuth": {}}


async def test_m55_authenticate_loads_its_config_where_nothing_has(project: Project) -> None:
    async with connected(project, steps=["echo"]) as core:
        offers(core)
        if not project.config():
            pytest.skip("this language has no config file")
        assert core.value(await authenticate(core, project.config(), "/first")) == {"headers": {}, "url": "/first"}


@pytest.mark.parametrize(
    ("case", "words"), [("syntax_error", ""), ("throws_at_load", "API_KEY is not set"), ("no_config", "config")]
)
async def test_m56_a_config_that_does_not_load_says_where(project: Project, case: str, words: str) -> None:
    async with connected(project, steps=["echo"]) as core:
        offers(core)
        if not project.config():
            pytest.skip("this language has no config file")
        line = project.break_config(case)
        for hook in (pb.HOOK_CONFIG, pb.HOOK_AUTHENTICATE):
            given = {"headers": {}, "url": "/"}
            failure = (await core.call_reply(await core.ask(hook, project.config(), given))).failure
            assert failure.kind == pb.FAILURE_KIND_LOAD
            assert failure.message.startswith(f"{project.config()}:{line}:" if line else f"{project.config()}: ")
            assert words in failure.message
        assert await core.call("echo", 1) == 1


async def test_m57_large_payloads_of_hooks_are_transfers(core: Core, config: str) -> None:
    echoed = await authenticate(core, config, long="y" * LARGE)
    assert core.value(echoed)["headers"] == {"x-long": "y" * LARGE}
    assert echoed.payload_transfer
    assert not echoed.payload
    assert max(len(chunk.data) for chunk in core.chunks(echoed.payload_transfer)) <= CHUNK_BYTES


async def test_m58_a_drain_waits_for_hooks(project: Project) -> None:
    async with connected(project, steps=["echo"]) as core:
        offers(core)
        meeting = await gated(core, pb.HOOK_CAN_ACCESS, {"do": "meet", "count": 2})
        other = await gated(core, pb.HOOK_CAN_ACCESS, {"do": "hang"}, DEADLINE_MS)
        began = time.monotonic()
        await core.send(pb.Drain(grace_ms=GRACE_MS))
        await core.settle()
        refused = await core.call_reply(await gated(core, pb.HOOK_CAN_ACCESS, {"do": "meet", "count": 2}))
        assert refused.failure.kind == pb.FAILURE_KIND_OVERLOADED
        assert (await core.call_reply(other)).failure.kind == pb.FAILURE_KIND_DEADLINE
        assert core.pending(pb.Bye) == 0
        assert (await core.call_reply(meeting)).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert time.monotonic() - began >= GRACE_MS / 1000 - EARLY_SECONDS
        assert (await core.expect(pb.Bye)).reason == pb.BYE_REASON_DRAINED


async def test_m59_a_context_that_cannot_be_sent(project: Project) -> None:
    async with started(project, max_payload_bytes=LARGE) as core:
        await welcome(core)
        offers(core)
        if not project.config():
            pytest.skip("this language has no config file")
        await core.load([project.step("echo")])
        odd = (await authenticate(core, project.config(), do="odd")).failure
        assert odd.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        assert "user.run" in odd.message
        long = (await authenticate(core, project.config(), do="big", size=str(2 * LARGE))).failure
        assert long.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        assert str(LARGE) in long.message
