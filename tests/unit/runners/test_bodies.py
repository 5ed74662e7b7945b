"""runners/bodies: response bodies that arrive while their handlers are still producing them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.errors import BodyLost
from runtime.model import Body, FailureKind, LogLevel, Outcome, TriggerKind
from tests.fakes import settle
from tests.unit.runners.dialled import (
    HELLO_WITH_BODIES,
    MAX_BODIES,
    PATIENCE,
    WINDOW,
    Dialled,
    invocation,
    outcome,
)

HEAD = b"\x81\xa4form\xa4none"
TRANSFER = 9


@asynccontextmanager
async def dialled_with_bodies(**rest: Any) -> AsyncIterator[Dialled]:
    """A link whose runner offers streamed bodies."""
    async with Dialled(**rest) as dialled:
        yield await dialled.open(HELLO_WITH_BODIES)


async def asked(dialled: Dialled) -> tuple[asyncio.Task[Outcome], int]:
    """A request that the runner has, and its id."""
    task = await dialled.start(invocation(kind=TriggerKind.API))
    return task, dialled.last("invoke").invocation_id


async def begun(dialled: Dialled, transfer: int = TRANSFER) -> tuple[Body, int]:
    """A body that has begun, and its run's id."""
    task, id = await asked(dialled)
    await dialled.send(result=pb.Result(invocation_id=id, payload=HEAD, body_transfer=transfer))
    ended = await outcome(task)
    assert (ended.payload, ended.failure) == (HEAD, None)
    assert ended.body is not None
    return ended.body, id


def piece(data: bytes = b"", *, transfer: int = TRANSFER, last: bool = False) -> pb.Chunk:
    return pb.Chunk(transfer=transfer, data=data, last=last)


def aborted(message: str = "boom") -> pb.Chunk:
    return pb.Chunk(transfer=TRANSFER, aborted=pb.Failure(kind=pb.FAILURE_KIND_HANDLER, message=message))


async def whole_of(body: Body) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return b"".join([each async for each in body])


async def next_of(pieces: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await anext(pieces)


async def assert_faulty(dialled: Dialled, words: str) -> None:
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([dialled.serving])
    assert dialled.serving.exception() is None
    assert words in dialled.sink.messages(LogLevel.ERROR)[0]


async def test_what_both_have_is_agreed_on() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO_WITH_BODIES)
        welcome = dialled.last("welcome")
        assert list(welcome.features) == [pb.FEATURE_STREAMED_BODIES]
        assert (welcome.limits.body_window_bytes, welcome.limits.max_bodies) == (WINDOW, MAX_BODIES)


async def test_pieces_arrive_as_they_are_sent() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        pieces = aiter(body)
        for data in (b"one", b"\x00", b"three"):
            await dialled.send(chunk=piece(data))
            assert await next_of(pieces) == data
        waiting = asyncio.ensure_future(next_of(pieces))
        await settle()
        assert not waiting.done()
        await dialled.send(chunk=piece(b"four", last=True))
        assert await waiting == b"four"
        with pytest.raises(StopAsyncIteration):
            await next_of(pieces)


async def test_what_waits_is_read_at_once_and_before_the_end() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        await dialled.send(chunk=piece(b"a"))
        await dialled.send(chunk=piece(b"b"))
        await dialled.send(chunk=aborted())
        pieces = aiter(body)
        assert await next_of(pieces) == b"ab"
        with pytest.raises(BodyLost, match="boom") as lost:
            await next_of(pieces)
        assert lost.value.failure.kind is FailureKind.HANDLER


async def test_a_body_s_run_is_not_in_flight_but_goes_on() -> None:
    async with dialled_with_bodies(max_in_flight=1) as dialled:
        body, id = await begun(dialled)
        assert (dialled.link.in_flight, dialled.link.room, dialled.rooms) == (0, 1, 1)
        await dialled.send(log=pb.Log(invocation_id=id, message="m"))
        assert [(each.source, each.trace_id) for each in dialled.sink.records] == [("a", "f" * 32)]
        call = pb.HostCall(invocation_id=id, call_id=1, op=pb.HOST_OP_STATE_GET, group="g", key="k")
        await dialled.send(host_call=call)
        assert not dialled.last("host_reply").HasField("failure")
        await dialled.send(chunk=piece(last=True))
        assert await whole_of(body) == b""
        call.call_id = 2
        await dialled.send(host_call=call)
        assert "has ended" in dialled.last("host_reply").failure.message


async def test_a_body_has_no_deadline() -> None:
    async with dialled_with_bodies() as dialled:
        task = await dialled.start(invocation(timeout=0.02, kind=TriggerKind.API))
        id = dialled.last("invoke").invocation_id
        await dialled.send(result=pb.Result(invocation_id=id, payload=HEAD, body_transfer=TRANSFER))
        body = (await outcome(task)).body
        assert body is not None
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, passed.set)
        await passed.wait()
        await dialled.send(chunk=piece(b"late", last=True))
        assert await whole_of(body) == b"late"
        assert dialled.all("cancel") == []


async def test_read_is_said_by_half_a_window_and_counts_what_was_passed_on() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        pieces = aiter(body)
        await dialled.send(chunk=piece(b"x" * WINDOW))
        assert len(await next_of(pieces)) == WINDOW
        await settle()
        assert dialled.all("body_read") == [], "the piece is still in the reader's hands"
        waiting = asyncio.ensure_future(next_of(pieces))
        await settle()
        assert [(each.transfer, each.bytes) for each in dialled.all("body_read")] == [(TRANSFER, WINDOW)]
        await dialled.send(chunk=piece(b"y" * (WINDOW // 2 - 1)))
        assert len(await waiting) == WINDOW // 2 - 1
        await dialled.send(chunk=piece(b"z"))
        assert await next_of(pieces) == b"z"
        assert len(dialled.all("body_read")) == 1
        waiting = asyncio.ensure_future(next_of(pieces))
        await settle()
        assert dialled.last("body_read").bytes == WINDOW // 2
        waiting.cancel()


async def test_a_reader_that_is_slow_can_be_fed_for_ever() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        room, read = WINDOW, 0
        pieces = aiter(body)
        for _ in range(50):
            await dialled.send(chunk=piece(b"x" * room))
            read += len(await next_of(pieces))
            waiting = asyncio.ensure_future(anext(pieces))
            await settle()
            waiting.cancel()
            room = dialled.last("body_read").bytes
        assert read == 50 * WINDOW


FAULTS: dict[str, tuple[str, Callable[[int], list[pb.RunnerEnvelope]]]] = {
    "over the window": ("before they were read", lambda _: [pb.RunnerEnvelope(chunk=piece(b"x" * (WINDOW + 1)))]),
    "a second result": (
        "which is not open",
        lambda id: [pb.RunnerEnvelope(result=pb.Result(invocation_id=id, payload=HEAD))],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_a_body_ends_the_connection_and_the_body(fault: str) -> None:
    words, envelopes = FAULTS[fault]
    async with dialled_with_bodies() as dialled:
        body, id = await begun(dialled)
        await dialled.send(*envelopes(id))
        await assert_faulty(dialled, words)
        with pytest.raises(BodyLost) as lost:
            await whole_of(body)
        assert lost.value.failure.kind is FailureKind.RUNNER_LOST


async def test_more_bodies_than_agreed_on_are_a_fault() -> None:
    async with dialled_with_bodies() as dialled:
        for number in range(MAX_BODIES):
            await begun(dialled, transfer=1 + number)
        task, id = await asked(dialled)
        await dialled.send(result=pb.Result(invocation_id=id, payload=HEAD, body_transfer=TRANSFER))
        await assert_faulty(dialled, f"more than {MAX_BODIES} bodies")
        failure = (await outcome(task)).failure
        assert failure is not None
        assert failure.kind is FailureKind.RUNNER_LOST


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (TriggerKind.EVENT, {}),
        (TriggerKind.API, {"failure": pb.Failure(kind=pb.FAILURE_KIND_HANDLER)}),
    ],
)
async def test_a_body_that_answers_no_request_is_a_fault(kind: TriggerKind, rest: dict[str, Any]) -> None:
    async with dialled_with_bodies() as dialled:
        task = await dialled.start(invocation(kind=kind))
        id = dialled.last("invoke").invocation_id
        await dialled.send(result=pb.Result(invocation_id=id, body_transfer=TRANSFER, **rest))
        await assert_faulty(dialled, "answers no request")
        assert (await outcome(task)).failure is not None


async def test_a_transfer_of_another_body_is_a_fault() -> None:
    async with dialled_with_bodies() as dialled:
        await begun(dialled)
        _, id = await asked(dialled)
        await dialled.send(result=pb.Result(invocation_id=id, body_transfer=TRANSFER))
        await assert_faulty(dialled, "another body")


async def test_a_body_that_was_not_agreed_on_is_a_fault() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await asked(dialled)
        await dialled.send(result=pb.Result(invocation_id=id, body_transfer=TRANSFER))
        await assert_faulty(dialled, "not agreed on")
        assert (await outcome(task)).failure is not None


async def test_a_result_before_its_invocation_was_sent_is_a_fault() -> None:
    async with dialled_with_bodies() as dialled:
        first = await dialled.start(invocation(kind=TriggerKind.API))
        id = dialled.last("invoke").invocation_id
        dialled.reading.clear()
        task = await dialled.start(invocation(b"x" * 10_000, kind=TriggerKind.API))
        await dialled.send(result=pb.Result(invocation_id=id + 1, payload=HEAD, body_transfer=TRANSFER))
        dialled.reading.set()
        await assert_faulty(dialled, "was not sent yet")
        assert [(await outcome(each)).failure is not None for each in (first, task)] == [True, True]


async def test_stop_cancels_once_and_forgets_what_still_comes() -> None:
    async with dialled_with_bodies() as dialled:
        body, id = await begun(dialled)
        await dialled.send(chunk=piece(b"unread"))
        body.stop()
        body.stop()
        await settle()
        [cancel] = dialled.all("cancel")
        assert (cancel.invocation_id, cancel.reason) == (id, pb.CANCEL_REASON_CLIENT_GONE)
        await dialled.send(chunk=piece(b"more"))
        await dialled.send(chunk=aborted("cancelled"))
        with pytest.raises(BodyLost, match="cancelled"):
            await whole_of(body)
        body.stop()
        await settle()
        assert len(dialled.all("cancel")) == 1
        assert not dialled.serving.done()


async def test_stop_after_the_end_has_no_effect() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        await dialled.send(chunk=piece(b"x", last=True))
        body.stop()
        await settle()
        assert dialled.all("cancel") == []


async def test_a_body_for_a_caller_who_has_left_is_stopped() -> None:
    async with dialled_with_bodies() as dialled:
        task, id = await asked(dialled)
        task.cancel()
        await settle()
        assert len(dialled.all("cancel")) == 1
        await dialled.send(result=pb.Result(invocation_id=id, payload=HEAD, body_transfer=TRANSFER))
        await dialled.send(chunk=piece(b"x" * WINDOW))
        await dialled.send(chunk=aborted())
        assert (dialled.link.in_flight, dialled.serving.done()) == (0, False)


async def test_a_caller_who_leaves_as_the_result_comes_stops_the_body() -> None:
    async with dialled_with_bodies() as dialled:
        task, id = await asked(dialled)
        result = pb.Result(invocation_id=id, payload=HEAD, body_transfer=TRANSFER)
        dialled.link._on_result(result)
        task.cancel()
        await settle()
        assert task.cancelled()
        assert dialled.last("cancel").invocation_id == id


async def test_a_runner_that_is_lost_loses_its_bodies() -> None:
    async with dialled_with_bodies() as dialled:
        body, _ = await begun(dialled)
        waiting = asyncio.ensure_future(whole_of(body))
        await dialled.send(chunk=piece(b"half"))
        await dialled.end()
        with pytest.raises(BodyLost) as lost:
            await waiting
        assert lost.value.failure.kind is FailureKind.RUNNER_LOST
        body.stop()


async def test_a_body_that_survives_its_cancel_ends_the_connection() -> None:
    settings = LinkSettings(cancel_grace=0, stuck_after=0.01)
    async with dialled_with_bodies(settings=settings) as dialled:
        body, _ = await begun(dialled)
        body.stop()
        with pytest.raises(BodyLost):
            await whole_of(body)
        await asyncio.wait([dialled.serving], timeout=PATIENCE)
        assert "stuck" in dialled.sink.messages(LogLevel.ERROR)[0]


async def test_pieces_that_crossed_the_end_of_their_process_are_no_fault() -> None:
    async with dialled_with_bodies() as dialled:
        await begun(dialled)
        dialled.link.lose()
        for number in range(100):
            await dialled.send(chunk=piece(b"x" * 1000, transfer=number + 1))
        assert dialled.sink.messages(LogLevel.ERROR) == []
