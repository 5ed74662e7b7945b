"""A runner that sends anything: the link ends in order or goes on, and whoever waits for an outcome gets one."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from runtime._gen import runner_pb2 as pb
from runtime.dispatcher import Dispatcher
from runtime.errors import BodyLost
from runtime.model import FailureKind, Outcome, TriggerKind
from runtime.runners.pool import Pool
from runtime.values import encode
from tests.fakes import settle
from tests.unit.runners.dialled import (
    CHUNK,
    HELLO_WITH_BODIES,
    MANIFEST,
    MAX_HOST_CALLS,
    MAX_PAYLOAD,
    MAX_QUEUED,
    PATIENCE,
    WINDOW,
    Dialled,
    chunks,
    invocation,
)

MAX_IN_FLIGHT = 4
MEBIBYTE = 1 << 20
FLOOD_FRAMES = 100
FLOOD_ENVELOPES = 200
LEAST_REFUSAL_BYTES = 100
"""What a refusal counts at least while it waits to be written."""
RUNS = (TriggerKind.API, TriggerKind.API, TriggerKind.EVENT, TriggerKind.CRON)
"""What is asked of the runner, with the invocation ids 1 to 4."""
IDS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 2**32, 2**64 - 1])
NUMBERS = st.sampled_from([0, 1, 2, 10, 2**31, 2**32 - 1])
# By length: a strategy is printed with all that it may give.
LONG = st.just(100_000).map(lambda length: "x" * length)
DEEP = st.just(5000).map(lambda depth: b"\x91" * depth + b"\x01")
VALUES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"", b"\xc1", b"\x81", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]),
    DEEP,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ).map(encode),
)
TEXTS = st.one_of(st.text(max_size=10), st.sampled_from(["s", "g", "steps/a.step.ts", "\0", "../../etc"]), LONG)
TIMES = st.floats(allow_nan=True, allow_infinity=True)
KINDS = st.sampled_from([0, 1, 2, 3, 11, 12, 99])
FAILURES = st.recursive(
    st.builds(
        pb.Failure,
        kind=KINDS,
        type=TEXTS,
        message=TEXTS,
        stack=TEXTS,
        retryable=st.booleans(),
        http_status=NUMBERS,
        http_body=VALUES,
    ),
    lambda cause: st.builds(pb.Failure, kind=KINDS, message=TEXTS, cause=cause),
    max_leaves=4,
)
ENTRIES = st.builds(pb.StepEntry, file=TEXTS, config=VALUES, has_handler=st.booleans(), middleware=NUMBERS)
MESSAGES: Mapping[str, st.SearchStrategy[Any]] = {
    "hello": st.builds(
        pb.Hello,
        min_protocol=NUMBERS,
        max_protocol=NUMBERS,
        features=st.lists(KINDS, max_size=4),
        language=TEXTS,
        pid=NUMBERS,
    ),
    "manifest": st.builds(
        pb.Manifest,
        steps=st.lists(ENTRIES, max_size=3),
        streams=st.lists(st.builds(pb.StreamEntry, file=TEXTS, config=VALUES), max_size=2),
        load_failures=st.lists(st.builds(pb.LoadFailure, file=TEXTS, failure=FAILURES, line=NUMBERS), max_size=2),
    ),
    "result": st.builds(
        pb.Result,
        invocation_id=IDS,
        payload=VALUES,
        payload_transfer=st.sampled_from([0, 0, 0, 1, 2]),
        body_transfer=st.sampled_from([0, 0, 1, 2, 3]),
        failure=st.none() | FAILURES,
    ),
    "chunk": st.builds(
        pb.Chunk,
        transfer=IDS,
        data=st.sampled_from([0, 1, CHUNK, WINDOW, MAX_PAYLOAD + 1]).map(lambda length: b"x" * length),
        last=st.booleans(),
        aborted=st.none() | st.none() | FAILURES,
        expected_bytes=IDS,
    ),
    "host_call": st.builds(
        pb.HostCall,
        invocation_id=IDS,
        call_id=IDS,
        op=st.integers(0, 20),
        target=TEXTS,
        group=TEXTS,
        key=TEXTS,
        payload=VALUES,
        payload_transfer=st.sampled_from([0, 0, 0, 0, 1, 2]),
        options=VALUES,
    ),
    "log": st.builds(pb.Log, invocation_id=IDS, level=KINDS, message=TEXTS, data=VALUES, time_ms=TIMES),
    "bye": st.builds(pb.Bye, reason=KINDS, message=TEXTS),
    "call_reply": st.builds(pb.CallReply, call_id=IDS),
    "pong": st.builds(pb.Pong, nonce=IDS),
}
LIKELY = ("result", "chunk", "host_call", "log")
"""What does not end the connection in any case."""


def of_kind(kind: str) -> st.SearchStrategy[pb.RunnerEnvelope]:
    """Envelopes of a kind."""
    return MESSAGES[kind].map(lambda message: pb.RunnerEnvelope(**{kind: message}))


ENVELOPES = st.one_of(*map(of_kind, LIKELY), *map(of_kind, LIKELY), *map(of_kind, MESSAGES))
FRAMES = st.lists(ENVELOPES, max_size=5).map(lambda envelopes: pb.RunnerFrame(envelopes=envelopes))
FOLLOWED = [
    pb.RunnerEnvelope(result=pb.Result(invocation_id=1, body_transfer=1)),
    pb.RunnerEnvelope(chunk=pb.Chunk(transfer=1, data=b"x" * WINDOW)),
    pb.RunnerEnvelope(chunk=pb.Chunk(transfer=1, last=True)),
    pb.RunnerEnvelope(chunk=pb.Chunk(transfer=1, data=b"after the last")),
    pb.RunnerEnvelope(result=pb.Result(invocation_id=1)),
]


class Hostile:
    """A link to such a runner, the way that invocations take to it, and who waits for them."""

    def __init__(self, dialled: Dialled) -> None:
        self.dialled = dialled
        self.strays: list[Mapping[str, Any]] = []
        pool = Pool()
        pool.add(dialled.link)
        self._dispatcher = Dispatcher({"node": pool})
        self._waiting: list[asyncio.Task[Outcome]] = []

    async def open(self) -> None:
        """Goes through the handshake, and asks for what the runner may do its worst with."""
        await self.dialled.open(HELLO_WITH_BODIES)
        for kind in RUNS:
            self._waiting.append(asyncio.ensure_future(self._run(kind)))
        await asyncio.sleep(0)

    async def _run(self, kind: TriggerKind) -> Outcome:
        outcome = await self._dispatcher.dispatch(invocation(kind=kind), 0)
        if outcome.body is not None:
            with suppress(BodyLost):
                async for piece in outcome.body:
                    if len(piece) == 1:
                        outcome.body.stop()
        return outcome

    async def ended(self) -> list[Outcome]:
        """Ends the stream; gives the outcomes, of which none may be missing."""
        await self.dialled.end()
        assert self.dialled.serving.done(), "the link hangs"
        assert self.dialled.serving.exception() is None
        async with asyncio.timeout(PATIENCE):
            outcomes = await asyncio.gather(*self._waiting)
        assert (self.dialled.link.in_flight, self.dialled.link.room) == (0, 0)
        assert self.strays == []
        return outcomes


@asynccontextmanager
async def hostile() -> AsyncIterator[Hostile]:
    """The link for the time of the context; what nobody catches is collected."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    async with Dialled(max_in_flight=MAX_IN_FLIGHT) as dialled:
        made = Hostile(dialled)
        loop.set_exception_handler(lambda _, context: made.strays.append(context))
        try:
            yield made
        finally:
            loop.set_exception_handler(handler)


@given(st.booleans(), st.lists(FRAMES, max_size=8))
@example(True, [pb.RunnerFrame(envelopes=FOLLOWED)])
@example(True, [pb.RunnerFrame(envelopes=[each]) for each in FOLLOWED])
async def test_any_frames(opened: bool, frames: list[pb.RunnerFrame]) -> None:
    async with hostile() as runner:
        if opened:
            await runner.open()
        for frame in frames:
            await runner.dialled.push(frame)
        for outcome in await runner.ended():
            assert outcome.failure is None or outcome.failure.kind in FailureKind


@given(st.lists(FRAMES, min_size=1, max_size=4), st.integers(0, 2**32))
async def test_frames_with_wrong_bytes(frames: list[pb.RunnerFrame], seed: int) -> None:
    chance = random.Random(seed)
    async with hostile() as runner:
        await runner.open()
        for frame in frames:
            try:
                await runner.dialled.push(pb.RunnerFrame.FromString(_mutated(frame.SerializeToString(), chance)))
            except DecodeError:
                continue  # gRPC lets no such frame through
        await runner.ended()


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some changed, left out or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(3):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + chance.randint(1, 8)]
            case _:
                changed[place:place] = changed[place : place + 16]
    return bytes(changed)


# ------------------------------------------------------------ floods


@pytest.mark.parametrize("invocation_id", [3, 99], ids=["a run's", "nobody's"])
async def test_who_asks_without_reading_the_answers_is_read_no_more(invocation_id: int) -> None:
    async with hostile() as runner:
        await runner.open()
        runner.dialled.reading.clear()
        call = pb.HostCall(invocation_id=invocation_id, op=pb.HOST_OP_STATE_GET, group="g", key="k")
        flood = pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(host_call=call)] * FLOOD_ENVELOPES)
        for _ in range(FLOOD_FRAMES):
            await runner.dialled.push(flood)
        await settle()
        read = FLOOD_FRAMES - runner.dialled.unread
        assert 0 < read * FLOOD_ENVELOPES < MAX_QUEUED // LEAST_REFUSAL_BYTES
        runner.dialled.reading.set()
        await settle()
        await runner.ended()
        assert len(runner.dialled.all("host_reply")) == FLOOD_FRAMES * FLOOD_ENVELOPES


async def test_transfers_that_nobody_names_take_bounded_memory() -> None:
    async with hostile() as runner:
        await runner.open()
        tracemalloc.start()
        for transfer in range(1, 100):
            frame = pb.RunnerFrame(envelopes=chunks(transfer, b"x" * MAX_PAYLOAD))
            await runner.dialled.push(frame)
            for _ in range(3):
                await asyncio.sleep(0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2 * (MAX_IN_FLIGHT + MAX_HOST_CALLS) * MAX_PAYLOAD + MEBIBYTE
        await runner.ended()
        assert "transfers are open at once" in runner.dialled.last("bye").message


async def test_a_hello_again_and_again_is_one_goodbye() -> None:
    async with hostile() as runner:
        hello = pb.RunnerEnvelope(hello=HELLO_WITH_BODIES)
        await runner.dialled.push(pb.RunnerFrame(envelopes=[hello] * 100))
        await runner.dialled.push(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(manifest=MANIFEST)] * 100))
        await runner.ended()
        assert len(runner.dialled.all("bye")) == 1
