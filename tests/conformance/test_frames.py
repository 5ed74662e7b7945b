"""PROTOCOL.md, section 7: frames and payloads."""

from __future__ import annotations

import itertools
import math
import re
import time

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import CHUNK_BYTES, Core, connected, pack
from tests.conformance.project import Project

ENOUGH_TO_STOP_THE_WRITER = 16 << 20
"""Bytes: far more than the transport takes while nobody reads."""
LARGE = 8 << 20
WAITING = 200
FEW_FRAMES = 4
SHORT_BYTES = 120_000
"""Under the limit as they come, over it as the numbers that `mirrors` makes of them."""
LONE_CALLS = 2000
LONE_CALL_SECONDS = 0.003
"""Above a lone call's 0.3 ms, below any pause in the hope of company."""


async def test_m30_writes_are_batched(core: Core) -> None:
    large = await core.start("big", ENOUGH_TO_STOP_THE_WRITER)
    await core.expect(pb.Chunk)
    core.stop_reading()
    await _run_all(core, "tick")
    waiting = await _run_all(core, "tock")
    core.read_on()
    for number in waiting:
        await core.result(number)
    assert sum(_holds_result_of(frame, waiting) for frame in core.frames) <= FEW_FRAMES
    await core.result(large)
    assert await _least_seconds_of_a_lone_call(core) < LONE_CALL_SECONDS


async def _run_all(core: Core, text: str) -> set[int]:
    numbers = {await core.start("signals", text) for _ in range(WAITING)}
    await core.process.has_printed(text, WAITING)
    return numbers


def _holds_result_of(frame: pb.RunnerFrame, numbers: set[int]) -> bool:
    return any(envelope.result.invocation_id in numbers for envelope in frame.envelopes)


async def _least_seconds_of_a_lone_call(core: Core) -> float:
    """A pause is in every call, what else a busy machine does is not; so one that is quick enough will do."""
    least = math.inf
    for _ in range(LONE_CALLS):
        began = time.monotonic()
        await core.call("echo", 1)
        least = min(least, time.monotonic() - began)
        if least < LONE_CALL_SECONDS:
            break
    return least


async def test_m31_large_payloads_take_turns(core: Core) -> None:
    before = len(core.envelopes())
    first = await core.start("big", LARGE)
    second = await core.start("big", LARGE)
    await core.expect(pb.Chunk)
    core.stop_reading()
    small = await core.start("signals", "small")
    await core.process.has_printed("small")
    core.read_on()
    results = [await core.result(number) for number in (first, second)]
    seen = core.envelopes()[before:]
    for result in results:
        assert core.payload(result) == pack("x" * LARGE)
        _assert_whole(seen, result)
    _assert_turns([envelope.chunk.transfer for envelope in seen if envelope.HasField("chunk")])
    chunks_after_small = seen[_place_of_result(seen, small) :]
    assert sum(envelope.HasField("chunk") for envelope in chunks_after_small) > LARGE // CHUNK_BYTES


def _assert_whole(seen: list[pb.RunnerEnvelope], result: pb.Result) -> None:
    """Pieces of the agreed size, the last one marked, and only then the envelope."""
    places = [place for place, each in enumerate(seen) if each.chunk.transfer == result.payload_transfer != 0]
    chunks = [seen[place].chunk for place in places]
    assert all(0 < len(chunk.data) <= CHUNK_BYTES for chunk in chunks)
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert not any(chunk.HasField("aborted") for chunk in chunks)
    assert places[-1] < _place_of_result(seen, result.invocation_id)


def _assert_turns(transfers: list[int]) -> None:
    """As long as two transfers have pieces left, none sends two in a row."""
    last_start = max(transfers.index(each) for each in set(transfers))
    first_end = min(len(transfers) - transfers[::-1].index(each) for each in set(transfers))
    both = transfers[last_start:first_end]
    assert len(both) > LARGE // CHUNK_BYTES
    assert all(one != next_one for one, next_one in itertools.pairwise(both))


def _place_of_result(seen: list[pb.RunnerEnvelope], number: int) -> int:
    return next(place for place, envelope in enumerate(seen) if envelope.result.invocation_id == number)


@pytest.mark.parametrize("size", [32 << 10, 128 << 10])
async def test_payloads_are_cut_as_the_core_says(project: Project, size: int) -> None:
    async with connected(project, ["emits_big"], chunk_bytes=size) as core:
        for length in (size - 100, size + 100, 5 * size):
            emitting = await core.start("emits_big", length)
            call = await core.expect(pb.HostCall)
            await core.reply(call, "x" * length)
            for message in (call, await core.result(emitting)):
                assert core.value(message) == "x" * length
                chunks = core.chunks(message.payload_transfer) if message.payload_transfer else []
                assert bool(chunks) == (length > size), "what fits stands in its envelope"
                assert all(len(chunk.data) <= size for chunk in chunks)


async def test_interleaved_transfers_are_put_together(core: Core) -> None:
    payloads = {1001: pack("a" * 100_000), 1002: pack("b" * 90_000)}
    size = CHUNK_BYTES
    for at in range(0, 2 * size, size):
        chunks = [
            pb.Chunk(transfer=transfer, data=data[at : at + size], last=at + size >= len(data))
            for transfer, data in payloads.items()
        ]
        await core.send(*chunks)
    started = [await core.start("echo", payload_transfer=transfer) for transfer in payloads]
    results = [await core.result(number) for number in started]
    assert [core.payload(result) for result in results] == list(payloads.values())


async def test_m32_payload_over_the_limit(project: Project) -> None:
    async with connected(project, max_payload_bytes=200_000) as core:
        failure = (await core.invoke("big", 300_000)).failure
        assert failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        _assert_says_sizes(failure.message)
        response = await core.request("mirrors", "bytes", bytes(SHORT_BYTES))
        assert response.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        caught = await core.call("emits_big", 300_000)
        assert caught.startswith("caught: ")
        _assert_says_sizes(caught)
        assert core.pending(pb.HostCall) == 0
        emitting = await core.start("emits_big", 190_000)
        call = await core.expect(pb.HostCall)
        assert core.value(call) == "x" * 190_000
        await core.reply(call, "event-1")
        assert core.value(await core.result(emitting)) == "event-1"
        assert await core.call("big", 190_000) == "x" * 190_000


def _assert_says_sizes(message: str) -> None:
    numbers = {int(re.sub(r"[,_]", "", number)) for number in re.findall(r"\d[\d,_]*", message)}
    assert 200_000 in numbers
    assert any(300_000 <= number < 300_100 for number in numbers), message
