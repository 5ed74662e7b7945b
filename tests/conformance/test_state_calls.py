"""PROTOCOL.md, section 7: entries and their versions, text streams, and changes that make steps run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import CHUNK_BYTES, Core, unpack

TRIGGERS = [("state", pb.TRIGGER_KIND_STATE), ("stream", pb.TRIGGER_KIND_STREAM)]


async def _claim(core: Core, entry: object, how: str | None = None) -> tuple[int, pb.HostCall]:
    """Starts `claims` and answers what it reads; gives the run and its write."""
    run = await core.start("claims", how)
    call = await core.expect(pb.HostCall)
    assert (call.op, call.group, call.key) == (pb.HOST_OP_STATE_GET_ENTRY, "shelf", "item")
    await core.reply(call, entry)
    return run, await core.expect(pb.HostCall)


async def _conflict(core: Core, how: str | None) -> pb.Result:
    run, write = await _claim(core, None, how)
    failure = pb.Failure(kind=pb.FAILURE_KIND_CONFLICT, message="version 8 is stored", retryable=True)
    await core.send(pb.HostReply(call_id=write.call_id, failure=failure))
    return await core.result(run)


async def _close(core: Core) -> None:
    """Answers the closing of a text, which a handler whose calls block does not come to when one has failed."""
    await core.settle()
    while core.pending(pb.HostCall):
        call = await core.expect(pb.HostCall)
        assert call.op == pb.HOST_OP_TEXT_CLOSE
        await core.reply(call)


@pytest.mark.parametrize("entry", [None, {"value": {"n": [1]}, "version": 1_700_000_000_000_001}])
async def test_m60_entries_and_their_versions(core: Core, entry: dict[str, object] | None) -> None:
    run, write = await _claim(core, entry)
    assert (write.op, write.group, write.key, core.value(write)) == (pb.HOST_OP_STATE_SET, "shelf", "item", "mine")
    assert unpack(write.options) == {"ttl": 60, "ifVersion": entry["version"] if entry else 0}
    await core.reply(write)
    assert core.value(await core.result(run)) == entry


async def test_m61_a_conflict_is_an_error_of_its_own(core: Core) -> None:
    assert core.value(await _conflict(core, "catch")) == "conflict: version 8 is stored"
    failure = (await _conflict(core, None)).failure
    assert (failure.kind, failure.retryable) == (pb.FAILURE_KIND_HANDLER, True)
    assert failure.type.endswith("VersionConflict")
    assert failure.message == "version 8 is stored"
    assert Path(core.project.step("claims")).name in failure.stack


async def test_m62_texts_are_sent_in_the_order_of_the_calls(core: Core) -> None:
    pieces = ["x" * (3 * CHUNK_BYTES), "a", "", "y" * (2 * CHUNK_BYTES), "é\n"]
    run = await core.start("tells", pieces)
    for piece in pieces:
        call = await core.expect(pb.HostCall)
        assert (call.op, call.key) == (pb.HOST_OP_TEXT_WRITE, "story")
        assert core.value(call) == piece
        await core.settle()
        assert core.pending(pb.HostCall) == 0, "a call on the text before the one ahead of it is answered"
        await core.reply(call)
    call = await core.expect(pb.HostCall)
    assert (call.op, call.key, core.payload(call)) == (pb.HOST_OP_TEXT_CLOSE, "story", b"")
    await core.reply(call)
    assert core.value(await core.result(run)) == "told"


async def test_m63_texts_are_finished_before_the_result(core: Core) -> None:
    run = await core.start("tells", ["a", "b"])
    for answered in range(3):
        call = await core.expect(pb.HostCall)
        await core.settle()
        assert core.pending(pb.Result) == 0, f"{answered} of 3 calls were answered"
        await core.reply(call)
    assert core.value(await core.result(run)) == "told"


async def test_a_text_that_was_not_written_is_the_failure_of_its_run(core: Core) -> None:
    run = await core.start("tells", ["a"])
    await core.refuse(await core.expect(pb.HostCall), "the story has ended")
    await _close(core)
    assert "the story has ended" in (await core.result(run)).failure.message


@pytest.mark.parametrize("piece", [1, {"a": 1}, None, [], b"a"], ids=repr)
async def test_m64_what_is_no_text_is_refused_at_the_call(core: Core, piece: object) -> None:
    run = await core.start("tells", [piece])
    await _close(core)
    failure = (await core.result(run)).failure
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert "stream.write" in failure.message
    assert Path(core.project.step("tells")).name in failure.stack


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        ("state group", "group"),
        ("state key", "key"),
        ("state keys", "group"),
        ("stream group", "group"),
        ("stream id", "id"),
        ("channel id", "id"),
        ("text id", "id"),
        ("topic", "topic"),
        ("option", "messageGroupId"),
    ],
)
async def test_m66_a_name_that_is_no_text_is_refused_at_the_call(core: Core, call: str, argument: str) -> None:
    failure = (await core.result(await core.start("misnames", call))).failure
    assert core.pending(pb.HostCall) == 0
    assert failure.kind == pb.FAILURE_KIND_HANDLER
    assert argument in failure.message
    assert any(words in failure.message for words in ("surrogate", "UTF-8")), failure.message
    assert Path(core.project.step("misnames")).name in failure.stack


@pytest.mark.parametrize(("name", "kind"), TRIGGERS)
@pytest.mark.parametrize(
    ("operation", "value", "previous"), [("create", {"n": 1}, None), ("update", [2], 1), ("delete", None, "was")]
)
async def test_m65_changes_reach_the_handler(
    core: Core, name: str, kind: pb.TriggerKind, operation: str, value: object, previous: object
) -> None:
    place = {"groupId": "shelf", "key": "item"}
    if name == "stream":
        place = {"streamName": "tickets", "groupId": "shelf", "id": "item"}
    change = {**place, "operation": operation, "value": value, "previous": previous}
    assert await core.call("notices", change, trigger=kind) == [change, name, "notices"]
