"""The golden files of proto/golden: bytes that every core and every runner must read and write alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, started
from tests.conformance.project import Project

GOLDEN = Path(__file__).resolve().parents[2] / "proto" / "golden"
VALUES: dict[str, list[dict[str, str]]] = json.loads((GOLDEN / "values.json").read_text(encoding="utf-8"))
FRAMES: dict[str, list[dict[str, str]]] = json.loads((GOLDEN / "frames.json").read_text(encoding="utf-8"))
CORE_FRAMES = {each["name"]: each for each in FRAMES["CoreFrame"]}
TURNS = ("welcome", "load of a file that is not there", "drain")
"""Frames that change what the connection is for; they have a test of their own."""


async def run_with(core: Core, payload: str) -> pb.Result:
    """The result of `echo` for a payload in hexadecimal."""
    return await core.result(await core.start("echo", payload=bytes.fromhex(payload)))


@pytest.mark.parametrize("each", VALUES["values"], ids=lambda each: each["name"])
async def test_golden_values_come_back_byte_for_byte(core: Core, each: dict[str, str]) -> None:
    result = await run_with(core, each["hex"])
    assert not result.HasField("failure"), result.failure
    assert (core.payload(result) or b"\xc0").hex() == each["hex"]


@pytest.mark.parametrize("each", VALUES["accepted"], ids=lambda each: each["name"])
async def test_longer_forms_are_read_and_come_back_in_the_shortest(core: Core, each: dict[str, str]) -> None:
    result = await run_with(core, each["hex"])
    assert not result.HasField("failure"), result.failure
    assert core.payload(result).hex() == each["becomes"]


@pytest.mark.parametrize("each", VALUES["refused"], ids=lambda each: each["name"])
async def test_what_is_no_value_ends_the_run_alone(core: Core, each: dict[str, str]) -> None:
    assert (await run_with(core, each["hex"])).failure.kind == pb.FAILURE_KIND_INVALID_INPUT
    assert await core.call("echo", "alive") == "alive"


@pytest.mark.parametrize("kind", FRAMES)
def test_golden_frames_are_what_the_proto_file_makes_of_their_text(kind: str) -> None:
    for each in FRAMES[kind]:
        message = text_format.Parse(each["text"], getattr(pb, kind)())
        assert message.SerializeToString(deterministic=True).hex() == each["hex"], each["name"]
        assert getattr(pb, kind).FromString(bytes.fromhex(each["hex"])) == message, each["name"]


def golden(name: str) -> pb.CoreFrame:
    return pb.CoreFrame.FromString(bytes.fromhex(CORE_FRAMES[name]["hex"]))


@pytest.mark.parametrize("name", [name for name in CORE_FRAMES if name not in TURNS])
async def test_the_runner_takes_each_golden_frame_and_lives_on(core: Core, name: str) -> None:
    await core.send_frame(golden(name))
    for envelope in golden(name).envelopes:
        if envelope.HasField("invoke"):
            assert (await core.result(envelope.invoke.invocation_id)).failure.kind == pb.FAILURE_KIND_UNKNOWN_STEP
        if envelope.HasField("ping"):
            await core.expect(pb.Pong, lambda pong, nonce=envelope.ping.nonce: pong.nonce == nonce)  # type: ignore[misc]
    assert await core.call("echo", name) == name


async def test_a_whole_connection_of_golden_frames(project: Project) -> None:
    async with started(project) as core:
        await core.expect(pb.Hello)
        await core.send_frame(golden("welcome"))
        await core.send_frame(golden("load of a file that is not there"))
        manifest = await core.expect(pb.Manifest)
        assert [each.file for each in manifest.load_failures] == ["steps/absent", "steps/absent_too"]
        assert {each.failure.kind for each in manifest.load_failures} == {pb.FAILURE_KIND_LOAD}
        await core.send_frame(golden("invoke of an unknown step"))
        assert (await core.result(4000000001)).failure.kind == pb.FAILURE_KIND_UNKNOWN_STEP
        await core.send_frame(golden("drain"))
        assert (await core.expect(pb.Bye)).reason == pb.BYE_REASON_DRAINED
        assert await core.process.exit_code() == 0


def test_the_names_of_golden_entries_are_their_own() -> None:
    for entries in (*VALUES.values(), *FRAMES.values()):
        names: list[Any] = [each["name"] for each in entries]
        assert len(names) == len(set(names))
