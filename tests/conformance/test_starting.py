"""PROTOCOL.md, section 2: starting."""

from __future__ import annotations

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, started, welcome
from tests.conformance.project import Project


async def test_m01_sends_its_secret(project: Project) -> None:
    async with started(project) as core:
        await core.expect(pb.Hello)
        assert core.metadata["runtime-secret"] == core.secret


async def test_m02_hides_its_secret_from_user_code(core: Core) -> None:
    seen = await core.call("environment")
    assert "PATH" in seen["atLoad"]
    assert "RUNTIME_SECRET" not in seen["atLoad"]
    assert "RUNTIME_SECRET" not in seen["now"]


async def test_m03_is_quiet(project: Project) -> None:
    broken = [project.break_step(name)[0] for name in ("syntax_error", "throws_at_load", "missing_import")]
    async with started(project) as core:
        await welcome(core)
        manifest = await core.load([*map(project.step, ("echo", "throws", "logs", "prints", "signals")), *broken])
        assert len(manifest.load_failures) == len(broken)
        assert await core.call("echo", 1) == 1
        assert (await core.invoke("throws")).failure.message
        await core.call("logs", 1)
        await core.call("prints", [["stdout", "what a run prints\n"], ["stderr", "and tells"]])
        await core.call("signals", "what is written past the runner")
        await core.send(pb.Drain(grace_ms=1000))
        await core.expect(pb.Bye)
        assert await core.process.exit_code() == 0
        assert core.process.stdout == b"what is written past the runner\n"
        assert core.process.stderr == b""
