"""The outbox: what shares a frame, how transfers take turns, who waits."""

from __future__ import annotations

import asyncio

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.outbox import MAX_FRAME_CHUNK_BYTES, MAX_FRAME_ENVELOPES, Outbox

LIMITS = pb.Limits(chunk_bytes=1000, max_queued_bytes=10_000, max_payload_bytes=1 << 30)


class Stream:
    """Takes frames when it is told to."""

    def __init__(self) -> None:
        self.frames: list[list[pb.RunnerEnvelope]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, data: bytes) -> None:
        await self.open.wait()
        self.frames.append(list(pb.RunnerFrame.FromString(data).envelopes))

    @property
    def envelopes(self) -> list[pb.RunnerEnvelope]:
        return [envelope for frame in self.frames for envelope in frame]


def _outbox() -> Outbox:
    outbox = Outbox()
    outbox.keep(LIMITS)
    return outbox


def _log(message: str) -> pb.RunnerEnvelope:
    return pb.RunnerEnvelope(log=pb.Log(message=message))


def _result(outbox: Outbox, id: int, payload: bytes) -> None:
    envelope = pb.RunnerEnvelope(result=pb.Result(invocation_id=id))
    outbox.carry(envelope, envelope.result, payload)


async def _written(outbox: Outbox) -> Stream:
    stream = Stream()
    outbox.close()
    await outbox.run(stream.write)
    return stream


async def test_what_waits_shares_a_frame_in_order() -> None:
    outbox, stream = _outbox(), Stream()
    stream.open.clear()
    outbox.put(_log("first"))
    running = asyncio.create_task(outbox.run(stream.write))
    await asyncio.sleep(0)
    for message in "abc":
        outbox.put(_log(message))
    stream.open.set()
    outbox.close()
    await running
    assert [[envelope.log.message for envelope in frame] for frame in stream.frames] == [["first"], ["a", "b", "c"]]


async def test_an_idle_outbox_wakes_for_one_envelope() -> None:
    outbox, stream = _outbox(), Stream()
    running = asyncio.create_task(outbox.run(stream.write))
    await asyncio.sleep(0)
    outbox.put(_log("late"))
    outbox.close()
    await running
    assert [envelope.log.message for envelope in stream.envelopes] == ["late"]


async def test_frames_are_bounded() -> None:
    outbox = _outbox()
    for _ in range(MAX_FRAME_ENVELOPES + 1):
        outbox.put(_log("x"))
    stream = await _written(outbox)
    assert [len(frame) for frame in stream.frames] == [MAX_FRAME_ENVELOPES, 1]


async def test_a_short_payload_stands_in_its_envelope() -> None:
    outbox = _outbox()
    _result(outbox, 1, b"x" * 1000)
    stream = await _written(outbox)
    assert stream.envelopes[0].result.payload == b"x" * 1000


async def test_a_long_payload_travels_before_its_envelope() -> None:
    outbox = _outbox()
    payload = bytes(range(256)) * 10
    _result(outbox, 1, payload)
    *chunks, last = (await _written(outbox)).envelopes
    assert b"".join(envelope.chunk.data for envelope in chunks) == payload
    assert [envelope.chunk.last for envelope in chunks] == [False, False, True]
    assert {envelope.chunk.transfer for envelope in chunks} == {last.result.payload_transfer}
    assert not last.result.payload


async def test_transfers_take_turns_and_hold_up_nothing_small() -> None:
    outbox = _outbox()
    outbox.keep(pb.Limits(chunk_bytes=MAX_FRAME_CHUNK_BYTES // 2, max_queued_bytes=1 << 30))
    _result(outbox, 1, b"a" * (2 * MAX_FRAME_CHUNK_BYTES))
    _result(outbox, 2, b"b" * (2 * MAX_FRAME_CHUNK_BYTES))
    _result(outbox, 3, b"c" * MAX_FRAME_CHUNK_BYTES)
    _result(outbox, 4, b"small")
    stream = await _written(outbox)
    assert stream.frames[0][0].result.invocation_id == 4
    turns = [envelope.chunk.transfer for envelope in stream.envelopes if envelope.HasField("chunk")]
    assert turns == [1, 2, 3, 1, 2, 3, 1, 2, 1, 2]
    sizes = [sum(len(envelope.chunk.data) for envelope in frame) for frame in stream.frames]
    assert max(sizes) == MAX_FRAME_CHUNK_BYTES


async def test_a_result_never_overtakes_the_logs_of_its_run() -> None:
    outbox = _outbox()
    for _ in range(3 * MAX_FRAME_ENVELOPES):
        outbox.put(_log("x"))
    _result(outbox, 1, b"a" * 1001)
    stream = await _written(outbox)
    assert stream.envelopes[-1].result.invocation_id == 1


async def test_producers_wait_while_it_is_full() -> None:
    outbox, stream = _outbox(), Stream()
    called: list[str] = []
    outbox.put(_log("x" * 10_000))
    assert outbox.full
    outbox.when_room(lambda: called.append("called"))
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert not called
    outbox.close()
    await outbox.run(stream.write)
    await waiting
    assert called == ["called"]
    assert not outbox.full


async def test_room_is_counted_over_pieces_too() -> None:
    outbox = _outbox()
    _result(outbox, 1, b"a" * 9_999)
    _result(outbox, 2, b"b")
    assert outbox.full
    await _written(outbox)
    assert outbox._queued_bytes == 0


def _told(envelope: pb.RunnerEnvelope) -> str:
    if envelope.HasField("chunk"):
        return f"chunk {len(envelope.chunk.data)}" + (" last" if envelope.chunk.last else "")
    return envelope.log.message or str(envelope.WhichOneof("kind"))


async def test_a_body_follows_its_result_and_ends_behind_the_lines_of_its_run() -> None:
    outbox = _outbox()
    _result(outbox, 1, b"x" * 3000)
    body = outbox.begin_body(pb.RunnerEnvelope(result=pb.Result(invocation_id=2)))
    outbox.add_to_body(body, b"a" * 1500)
    outbox.put(_log("line"))
    outbox.end_body(body, None)
    told = [_told(each) for each in (await _written(outbox)).envelopes]
    assert next(each for each in told if each != "chunk 1000") == "result"
    assert told.index("line") < told.index("chunk 500 last")
    assert told.index("result") < told.index("chunk 500 last")
    assert told.count("chunk 1000") + told.count("chunk 1000 last") == 4


async def test_small_pieces_of_a_body_gather_while_the_writer_is_busy() -> None:
    outbox, stream = _outbox(), Stream()
    body = outbox.begin_body(pb.RunnerEnvelope(result=pb.Result(invocation_id=1)))
    running = asyncio.create_task(outbox.run(stream.write))
    await asyncio.sleep(0)
    stream.open.clear()
    for _ in range(5):
        outbox.add_to_body(body, b"ab")
        await asyncio.sleep(0)
    stream.open.set()
    outbox.end_body(body, pb.Failure(message="broken"))
    outbox.close()
    await running
    chunks = [each.chunk for each in stream.envelopes if each.HasField("chunk")]
    assert b"".join(chunk.data for chunk in chunks) == b"ab" * 5
    assert len(chunks) < 5
    assert (chunks[-1].aborted.message, chunks[-1].data) == ("broken", b"")


async def test_the_last_envelope_is_last() -> None:
    outbox, stream = _outbox(), Stream()
    _result(outbox, 1, b"x" * 3000)
    outbox.close(_log("bye"))
    await outbox.run(stream.write)
    assert _told(stream.envelopes[-1]) == "bye"
