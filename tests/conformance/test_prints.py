"""PROTOCOL.md, section 14: what runs print."""

from __future__ import annotations

import re

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import FEATURES, Core, connected, started, welcome
from tests.conformance.project import Project

LINES = 20_000
FEW_BYTES = 1 << 20
LONG = 1_000_000
MOST_OF_A_LINE = 65_536
INFO, WARN = pb.LOG_LEVEL_INFO, pb.LOG_LEVEL_WARN


async def test_m70_what_a_run_prints_becomes_its_log(core: Core) -> None:
    pieces = [["stdout", "one\n"], ["stderr", "aside\n"], ["stdout", "two "], ["stdout", "pieces\n\nthe rest"]]
    number = await core.start("prints", pieces)
    await core.result(number)
    seen = [each for each in core.envelopes() if number in (each.log.invocation_id, each.result.invocation_id)]
    assert [each.WhichOneof("kind") for each in seen] == ["log"] * 5 + ["result"]
    assert [(each.log.level, each.log.message, each.log.data) for each in seen[:-1]] == [
        (INFO, "one", b""),
        (WARN, "aside", b""),
        (INFO, "two pieces", b""),
        (INFO, "", b""),
        (INFO, "the rest", b""),
    ]
    assert core.process.stdout == b""


async def test_runs_beside_each_other_do_not_mix_what_they_print(core: Core) -> None:
    numbers = [await core.start("prints", [["stdout", f"{name}"]] * 50) for name in "abcdefgh"]
    for number, name in zip(numbers, "abcdefgh", strict=True):
        await core.result(number)
        assert [each.log.message for each in core.envelopes() if each.log.invocation_id == number] == [name * 50]


async def test_m71_a_flood_of_prints_harms_nobody(project: Project) -> None:
    async with connected(project, ["prints", "signals"], max_queued_bytes=FEW_BYTES) as core:
        core.stop_reading()
        flooding = await core.start("prints", [["stdout", "a line of many\n" * LINES]])
        await core.start("signals", "still here")
        await core.process.has_printed("still here")
        core.read_on()
        await core.result(flooding)
        long = await core.start("prints", [["stdout", "x" * LONG]])
        await core.result(long)
        (line,) = (each.log.message for each in core.envelopes() if each.log.invocation_id == long)
        assert line == "x" * MOST_OF_A_LINE + "…"


async def test_m74_what_a_run_has_left_behind_names_its_step_and_trace(project: Project) -> None:
    async with connected(project, ["leaves_work", "releases"]) as core:
        number = await core.start("leaves_work")
        await core.result(number)
        await core.result(await core.start("releases"))
        (late,) = (each.log for each in core.envelopes() if each.HasField("log"))
        assert (late.invocation_id, late.message, late.level) == (0, "late", INFO)
        assert (late.step_name, late.trace_id) == ("leaves_work", f"{number:032x}")


COPY = re.compile(rb"\x1econformance;(\d+);(\d+)\x1f([^\n]*)\n")


async def test_m73_a_copy_is_there_when_the_print_returns(project: Project) -> None:
    pieces = [["stdout", "one\n"], ["stderr", "aside\n"], ["stdout", "tw"], ["stdout", f"o\n{'ä' * 5000}"]]
    async with started(project) as core:
        core.complains = True
        hello = await welcome(core, (*FEATURES, pb.FEATURE_COPIED_PRINTS))
        if pb.FEATURE_COPIED_PRINTS not in hello.features:
            pytest.skip("the runner does not offer FEATURE_COPIED_PRINTS")
        await core.load([project.step("prints")])
        number = await core.start("prints", pieces)
        await core.result(number)
        logs = [each.log for each in core.envelopes() if each.HasField("log")]
        assert [log.message[:5] for log in logs] == ["one", "aside", "two", "ä" * 5]
        await core.process.kill()
        assert _lines(core.process.stdout, number) == {log.printed: log.message for log in logs if log.level == INFO}
        assert _lines(core.process.stderr, number) == {log.printed: log.message for log in logs if log.level == WARN}


def _lines(output: bytes, invocation: int) -> dict[int, str]:
    """The lines that are copied there and nothing else, in order, by their numbers."""
    assert COPY.sub(b"", output) == b""
    assert all(len(copy[0]) <= 4096 for copy in COPY.finditer(output))
    lines: dict[int, str] = {}
    line = b""
    for number, of, text in COPY.findall(output):
        assert int(of) == invocation
        line += text
        if int(number):
            assert int(number) > max(lines, default=0)
            lines[int(number)] = line.decode()
            line = b""
    assert not line
    return lines
