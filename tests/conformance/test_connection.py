"""PROTOCOL.md, section 3: states of a connection."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, connected, started, welcome
from tests.conformance.project import Project

SILENCE = 0.3
"""Seconds of listening for what must not come."""
LOOKS = 3
"""How often it is looked whether a runner still waits."""
EXIT_SECONDS = 1.0
NOISE_SECONDS = 0.5
"""What a busy machine may add to a time that the protocol sets."""
BROKEN = ("syntax_error", "throws_at_load", "missing_import", "imports_broken", "no_config")
BEYOND_VERSION_1 = b"\xfa\x3f\x03new"
"""Field 1023 of an envelope: a kind that this version does not know."""


async def test_m04_says_hello_first(project: Project) -> None:
    async with started(project) as core:
        hello = await core.expect(pb.Hello)
        await core.expect_silence(SILENCE)
        assert [envelope.WhichOneof("kind") for envelope in core.envelopes()] == ["hello"]
        assert hello.language == project.runner.manifest.language
        assert hello.min_protocol <= 1 <= hello.max_protocol
        assert hello.pid == core.process.pid
        assert hello.version
        assert hello.runtime_version


async def test_m05_leaves_when_versions_differ(project: Project) -> None:
    async with started(project) as core:
        core.complains = True
        hello = await core.expect(pb.Hello)
        message = "the core speaks protocol 7 to 9"
        await core.send(pb.Bye(reason=pb.BYE_REASON_PROTOCOL_VERSION, message=message))
        assert await core.process.exit_code() != 0
        (line,) = core.process.stderr.decode().splitlines()
        assert "7 to 9" in line
        assert re.search(rf"\b{hello.min_protocol}\b.*\b{hello.max_protocol}\b", line.replace("7 to 9", "")), line


async def test_m06_manifest_names_every_file_once(project: Project) -> None:
    broken = [project.break_step(name)[0] for name in BROKEN]
    healthy = [path for path in project.steps() if path not in broken]
    async with started(project) as core:
        await welcome(core)
        first = await core.load([*healthy, *broken], project.streams())
        assert sorted(entry.file for entry in first.steps) == healthy
        assert [entry.file for entry in first.streams] == project.streams()
        assert sorted(entry.file for entry in first.load_failures) == sorted(broken)
        second = await core.load([project.step("echo")])
        assert [entry.file for entry in second.steps] == [project.step("echo")]
        assert not second.streams
        assert not second.load_failures
        assert (await core.invoke("signals", "x")).failure.kind == pb.FAILURE_KIND_UNKNOWN_STEP
        await core.settle()
        assert core.pending(pb.Manifest) == 0


async def test_m07_a_broken_file_harms_no_other(project: Project) -> None:
    broken = [project.break_step(name)[0] for name in BROKEN]
    async with started(project) as core:
        await welcome(core)
        manifest = await core.load([*broken[:3], project.step("echo"), *broken[3:], project.step("asks")])
        assert {failure.file for failure in manifest.load_failures} == set(broken)
        assert await core.call("echo", "still here") == "still here"


@pytest.mark.parametrize("ending", ["end of stream", "broken connection"])
async def test_m08_exits_when_the_core_is_gone(project: Project, ending: str) -> None:
    async with connected(project) as core:
        await _keep_busy(core)
        began = time.monotonic()
        if ending == "end of stream":
            core.hang_up()
        else:
            await core.vanish()
        await core.process.exit_code()
        assert time.monotonic() - began <= EXIT_SECONDS + NOISE_SECONDS


async def _keep_busy(core: Core) -> None:
    """Gives the runner everything that could keep a process alive."""
    await core.call("leaves_work")
    await core.start("stubborn")
    await core.reply(await core.expect(pb.HostCall))
    await core.start("asks", "for ever")
    await core.expect(pb.HostCall)
    if core.project.has_step("blocks"):
        await core.start("blocks", 2)
    await core.settle()


async def test_m09_ignores_unknown_envelopes(core: Core) -> None:
    frame = pb.CoreFrame()
    frame.envelopes.add().MergeFromString(BEYOND_VERSION_1)
    frame.envelopes.add().ping.nonce = 77
    frame.envelopes.add().MergeFromString(BEYOND_VERSION_1)
    await core.send_frame(frame)
    await core.send_frame(pb.CoreFrame())
    assert (await core.expect(pb.Pong)).nonce == 77
    assert await core.call("echo", 1) == 1
    assert Counter(envelope.WhichOneof("kind") for envelope in core.envelopes())["bye"] == 0


async def test_m67_waits_for_its_load_and_answers_pings(project: Project) -> None:
    async with started(project) as core:
        await welcome(core)
        for _ in range(LOOKS):
            await core.settle()
            await core.expect_silence(SILENCE)
        await core.load([project.step("echo")])
        assert await core.call("echo", 1) == 1


async def test_m68_a_drain_without_a_load_is_carried_out(project: Project) -> None:
    async with started(project) as core:
        await welcome(core)
        await core.settle()
        await core.send(pb.Drain(grace_ms=60_000))
        assert (await core.expect(pb.Bye)).reason == pb.BYE_REASON_DRAINED
        assert await core.process.exit_code() == 0


async def test_m69_what_changed_before_the_load_counts(project: Project) -> None:
    helpers, aside = project.root / "steps" / "lib", project.root / "aside"
    helpers.rename(aside)
    before = set(project.steps())
    async with started(project) as core:
        await welcome(core)
        await core.settle()
        aside.rename(helpers)
        made = project.copy_step("echo", "made")
        (project.root / project.step("prints")).write_bytes((project.root / project.step("echo")).read_bytes())
        (project.root / project.step("idle")).unlink()
        assert made not in before
        manifest = await core.load(project.steps())
        assert not manifest.load_failures, "the helpers are there now"
        assert await core.call("echo", 1, step_file=made) == 1
        assert await core.call("prints", 2) == 2
        assert await core.call("shares_one") == 1
