"""PROTOCOL.md, section 9: streamed bodies."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import BODY_WINDOW, CHUNK_BYTES, Core, connected, started, unpack, welcome
from tests.conformance.project import Project

TEXT = b"text/plain"
EVENTS = b"text/event-stream; charset=utf-8"
GRACE_MS = 400
NOISE_SECONDS = 0.5
"""What a busy machine may add to a time that the protocol sets."""
NEVER_MS = 3_600_000
MANY = 100
LARGE = 8 << 20
ENOUGH_TO_STOP_THE_WRITER = 16 << 20
"""Bytes: far more than the transport takes while nobody reads."""
LINES = 2000
"""What the step `streams` logs when it is told to log much."""


@pytest.fixture(autouse=True)
def offered(request: pytest.FixtureRequest) -> None:
    """Skips where the runner does not offer the feature."""
    if "core" in request.fixturenames:
        _skip_without_feature(request.getfixturevalue("core"))


class Body:
    """A response of the step `streams`, whose pieces are the answers to its host calls."""

    def __init__(self, core: Core, result: pb.Result) -> None:
        self.core = core
        self.id = result.invocation_id
        self.transfer = result.body_transfer

    async def asked(self) -> pb.HostCall:
        """The question for the next piece."""
        return await self.core.expect(
            pb.HostCall, lambda call: call.invocation_id == self.id and call.op == pb.HOST_OP_STATE_GET
        )

    async def give(self, *pieces: object) -> None:
        """Answers as many questions."""
        for piece in pieces:
            await self.core.reply(await self.asked(), piece)

    async def end(self) -> pb.Chunk:
        """The last piece."""
        return await self.core.body_end(self.transfer)

    def data(self) -> bytes:
        """What has come so far."""
        return self.core.body(self.transfer)


async def begun(core: Core, content_type: bytes = TEXT, step: str = "streams") -> Body:
    """A body of which nothing was asked for yet."""
    result = await core.request(step, "text", content_type)
    assert not result.HasField("failure"), result.failure
    assert result.body_transfer
    return Body(core, result)


async def test_m38_a_body_is_sent_as_it_is_produced(core: Core) -> None:
    result = await core.request("streams", "text", TEXT)
    head = unpack(result.payload)
    assert (head["status"], head["form"], head["headers"]) == (201, "none", {"content-type": "text/plain"})
    assert not head.get("body")
    body = Body(core, result)
    pieces = (b"one", b"gr\xc3\xbc\xc3\x9fe", b"\x00\xff", b"x" * (CHUNK_BYTES + 1))
    for count, piece in enumerate(("one", "grüße", b"\x00\xff", "x" * (CHUNK_BYTES + 1)), 1):
        await body.give(piece)
        await core.body_holds(body.transfer, len(b"".join(pieces[:count])))
        assert body.data() == b"".join(pieces[:count])
    await body.give("end")
    assert not (await body.end()).HasField("aborted")
    assert body.data() == b"".join(pieces)
    assert all(len(chunk.data) <= CHUNK_BYTES for chunk in core.chunks(body.transfer))
    _assert_comes_after_its_result(core, body)


def _assert_comes_after_its_result(core: Core, body: Body) -> None:
    seen = core.envelopes()
    places = [place for place, each in enumerate(seen) if each.chunk.transfer == body.transfer]
    result = next(place for place, each in enumerate(seen) if each.result.invocation_id == body.id)
    assert result < places[0]
    assert [seen[place].chunk.last for place in places] == [False] * (len(places) - 1) + [True]


async def test_m39_the_window_is_kept(core: Core) -> None:
    body = await begun(core)
    await body.give("x" * (2 * BODY_WINDOW))
    await core.body_holds(body.transfer, BODY_WINDOW)
    await core.settle()
    assert len(body.data()) == BODY_WINDOW
    await core.read_body(body.transfer, 1000)
    await core.body_holds(body.transfer, BODY_WINDOW + 1000)
    await core.settle()
    assert len(body.data()) == BODY_WINDOW + 1000
    await core.read_body(body.transfer, BODY_WINDOW)
    await body.give("end")
    assert not (await body.end()).HasField("aborted")
    assert len(body.data()) == 2 * BODY_WINDOW
    await core.read_body(body.transfer, 1000)
    assert await core.call("echo", "still here") == "still here"


async def test_m40_cancel_ends_the_production(project: Project) -> None:
    async with _streaming(project) as core:
        polite = await begun(core, step="streams_on")
        full = await begun(core)
        await full.give("x" * (BODY_WINDOW + 1))
        await core.body_holds(full.transfer, BODY_WINDOW)
        for each in (polite, full):
            await _cancel(core, each, NEVER_MS)
            assert (await each.end()).aborted.kind == pb.FAILURE_KIND_CANCELLED
        await core.process.has_printed("cleaned up", 2)
        stubborn = await begun(core, b"stubborn", step="streams_on")
        await core.body_holds(stubborn.transfer, len(b"begun"))
        before = time.monotonic()
        await _cancel(core, stubborn, GRACE_MS)
        assert (await stubborn.end()).aborted.kind == pb.FAILURE_KIND_CANCELLED
        assert time.monotonic() - before <= GRACE_MS / 1000 + NOISE_SECONDS


async def _cancel(core: Core, body: Body, grace_ms: int) -> None:
    reason = pb.CANCEL_REASON_CLIENT_GONE
    await core.send(pb.Cancel(invocation_id=body.id, reason=reason, grace_ms=grace_ms))


async def test_m41_a_run_goes_on_until_its_last_piece(core: Core) -> None:
    body = await begun(core)
    await body.give("log", "leave work", "forget", "end")
    forgotten = await core.expect(pb.HostCall, lambda call: call.op == pb.HOST_OP_STATE_SET)
    log = await core.expect(pb.Log, lambda log: log.invocation_id == body.id)
    assert (log.invocation_id, log.message) == (body.id, "a line from the body")
    await core.settle()
    assert core.chunks(body.transfer) == []
    await core.reply(forgotten)
    assert (await body.end()).last
    assert (await core.call("releases")).startswith("caught: ")
    await core.settle()
    assert core.pending(pb.HostCall) == 0


async def test_the_failure_of_a_call_that_a_body_did_not_await_is_its_failure(core: Core) -> None:
    body = await begun(core)
    await body.give("forget", "end")
    await core.refuse(await core.expect(pb.HostCall), "the shelf is locked")
    aborted = (await body.end()).aborted
    assert aborted.kind == pb.FAILURE_KIND_HANDLER
    assert "the shelf is locked" in aborted.message


@pytest.mark.parametrize("ending", ["end", "throw"])
async def test_log_lines_come_before_the_last_piece(core: Core, ending: str) -> None:
    """Also where the writer is behind, so that lines and chunks wait for frames of their own."""
    body = await begun(core)
    question = await body.asked()
    cleaned = core.process.stdout.count(b"cleaned up")
    large = await core.start("big", ENOUGH_TO_STOP_THE_WRITER)
    await core.expect(pb.Chunk)
    core.stop_reading()
    await core.reply(question, f"logs and {ending}")
    await core.process.has_printed("cleaned up", cleaned + 1)
    core.read_on()
    assert (await body.end()).HasField("aborted") == (ending == "throw")
    await core.result(large)
    seen = core.envelopes()
    lines = [place for place, each in enumerate(seen) if each.log.message == "a line from the body"]
    (end,) = [place for place, each in enumerate(seen) if each.chunk.transfer == body.transfer]
    assert sum(seen[place].log.invocation_id == body.id for place in lines if place < end) == LINES
    assert all(place < end for place in lines)


async def test_m42_refuses_bodies_over_the_limit(project: Project) -> None:
    async with _streaming(project, max_bodies=2, max_in_flight=1) as core:
        bodies = [await begun(core) for _ in range(2)]
        assert await core.call("echo", "no body counts as in flight") == "no body counts as in flight"
        failure = (await core.request("streams", "text", TEXT)).failure
        assert failure.kind == pb.FAILURE_KIND_OVERLOADED
        assert "2" in failure.message
        first, second = bodies
        await first.give("end")
        await first.end()
        third = await begun(core)
        await second.give("throw")
        assert (await second.end()).HasField("aborted")
        await begun(core)
        await _cancel(core, third, 0)
        assert (await third.end()).HasField("aborted")
        await begun(core)


@pytest.mark.parametrize(
    ("content_type", "piece", "words"),
    [
        (TEXT, 42, ()),
        (TEXT, None, ()),
        (TEXT, {"data": 1}, ("text/event-stream",)),
        (EVENTS, [1], ()),
        (EVENTS, {"data": 1, "date": 2}, ("date",)),
        (EVENTS, {"event": "two\nlines"}, ("event",)),
        (EVENTS, {"data": 1, "id": "a\rb"}, ("id",)),
        (EVENTS, {"data": 1, "id": "a\0b"}, ("id",)),
        (EVENTS, {"data": 1, "retry": 0.5}, ("retry",)),
        (EVENTS, {"data": 1, "retry": -1}, ("retry",)),
    ],
)
async def test_m43_a_broken_body_is_aborted(
    core: Core, content_type: bytes, piece: object, words: tuple[str, ...]
) -> None:
    body = await begun(core, content_type)
    cleaned = core.process.stdout.count(b"cleaned up")
    await body.give("good", "better", piece)
    end = await body.end()
    assert end.aborted.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert "piece 3" in end.aborted.message
    assert (end.aborted.type, end.aborted.retryable) == ("", False)
    for word in words:
        assert word in end.aborted.message
    assert (body.data(), end.last) == (b"goodbetter", False)
    await core.process.has_printed("cleaned up", cleaned + 1)


async def test_a_throw_while_a_body_is_produced_aborts_it(core: Core) -> None:
    body = await begun(core)
    await body.give("good", "throw")
    aborted = (await body.end()).aborted
    assert (aborted.kind, aborted.type) == (pb.FAILURE_KIND_HANDLER, "TypeError")
    assert "the source has run dry" in aborted.message
    assert Path(core.project.step("streams")).name in aborted.stack
    assert body.data() == b"good"


@pytest.mark.parametrize(
    ("piece", "sent"),
    [
        ({"data": "a"}, b"data: a\n\n"),
        ({"data": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data": "a\n"}, b"data: a\ndata: \n\n"),
        ({"data": {"a": [1, "ü\n"]}}, 'data: {"a":[1,"ü\\n"]}\n\n'.encode()),
        ({"data": None}, b"data: null\n\n"),
        (
            {"retry": 5, "data": 1, "id": "7", "event": "tick"},
            b"event: tick\nid: 7\nretry: 5\ndata: 1\n\n",
        ),
        ({"event": None, "id": 8, "data": ""}, b"id: 8\ndata: \n\n"),
        (": a comment\n\n", b": a comment\n\n"),
        (b"data: raw\n\n", b"data: raw\n\n"),
    ],
)
async def test_m44_maps_become_events_in_an_event_stream(core: Core, piece: object, sent: bytes) -> None:
    body = await begun(core, EVENTS)
    await body.give(piece, "end")
    await body.end()
    assert body.data() == sent


async def test_m45_no_body_is_streamed_without_the_feature(project: Project) -> None:
    if not project.has_step("streams"):
        pytest.skip("this language's runner does not offer streamed bodies")
    async with started(project) as core:
        await welcome(core, features=())
        await core.load([project.step("streams")])
        result = await core.request("streams", "text", TEXT)
        assert result.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        assert result.body_transfer == 0


async def test_empty_pieces_are_none(core: Core) -> None:
    body = await begun(core)
    await body.give("", b"", "a", "end")
    await body.end()
    assert [chunk.data for chunk in core.chunks(body.transfer) if not chunk.last] in ([], [b"a"])
    assert body.data() == b"a"


async def test_bodies_take_turns_with_each_other_and_small_envelopes(project: Project) -> None:
    async with _streaming(project, body_window_bytes=LARGE, max_payload_bytes=2 * LARGE) as core:
        bodies = [await begun(core) for _ in range(2)]
        questions = [await body.asked() for body in bodies]
        core.stop_reading()
        for question in questions:
            await core.reply(question, "x" * LARGE)
        small = await core.start("signals", "small")
        await core.process.has_printed("small")
        core.read_on()
        await core.result(small)
        for body in bodies:
            await body.give("end")
            await body.end()
        seen = core.envelopes()
        place = next(place for place, each in enumerate(seen) if each.result.invocation_id == small)
        assert sum(each.HasField("chunk") for each in seen[place:]) > LARGE // CHUNK_BYTES
        _assert_turns([each.chunk.transfer for each in seen if each.HasField("chunk")])


def _assert_turns(transfers: list[int]) -> None:
    """As long as two bodies have pieces left, none sends two in a row."""
    last_start = max(transfers.index(each) for each in set(transfers))
    first_end = min(len(transfers) - transfers[::-1].index(each) for each in set(transfers))
    both = transfers[last_start : first_end - 1]
    assert len(both) > LARGE // CHUNK_BYTES // 2
    assert all(one != next_one for one, next_one in itertools.pairwise(both))


async def test_a_hundred_event_streams_at_once(core: Core) -> None:
    bodies = [await begun(core, EVENTS) for _ in range(MANY)]
    for number in range(3):
        for body in bodies:
            await body.give({"data": number})
    for body in bodies:
        await body.give("end")
    for body in bodies:
        await body.end()
        assert body.data() == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


async def test_drain_lets_bodies_go_on_for_its_grace(project: Project) -> None:
    async with _streaming(project) as core:
        body = await begun(core)
        lasting = await begun(core, step="streams_on")
        await core.send(pb.Drain(grace_ms=GRACE_MS))
        await body.give("after the drain", "end")
        assert (await body.end()).last
        assert (await lasting.end()).aborted.kind == pb.FAILURE_KIND_CANCELLED
        assert (await core.expect(pb.Bye)).reason == pb.BYE_REASON_DRAINED
        assert await core.process.exit_code() == 0
        assert core.envelopes()[-1].HasField("bye")
        assert b"cleaned up" in core.process.stdout


@asynccontextmanager
async def _streaming(project: Project, **bounds: int) -> AsyncIterator[Core]:
    async with connected(project, None, **bounds) as core:
        _skip_without_feature(core)
        yield core


def _skip_without_feature(core: Core) -> None:
    if pb.FEATURE_STREAMED_BODIES not in core.hello.features:
        pytest.skip("this runner does not offer streamed bodies")
