"""Bodies that go out as they are produced: what counts as one, and how its production ends."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.bodies import Bodies
from runtime_runner.context import FlowContext
from runtime_runner.outbox import Outbox
from runtime_runner.values import decode
from tests.unit.runner_python.bench import Bench, bench

API = {"trigger": pb.TRIGGER_KIND_API}
REQUEST = {"method": "POST", "path": "/", "form": "none"}
NEVER_MS = 3_600_000


async def run(runner: Bench, body: Callable[[FlowContext], Any], **response: Any) -> pb.Result:
    """Runs a handler that answers with this body."""

    async def handler(req: Any, ctx: FlowContext) -> Any:
        return {"status": 200, "body": body(ctx), **response}

    return await runner.run(handler, REQUEST, **API)


async def sent(runner: Bench, body: Callable[[FlowContext], Any], **response: Any) -> bytes:
    """All bytes of a body that ends well."""
    result = await run(runner, body, **response)
    assert not result.HasField("failure"), result.failure
    end = await runner.body_end(result.body_transfer)
    assert end.last, end.aborted
    return runner.body(result.body_transfer)


async def given_up(runner: Bench, body: Callable[[FlowContext], Any], **response: Any) -> pb.Failure:
    """The failure that a body ends with."""
    result = await run(runner, body, **response)
    end = await runner.body_end(result.body_transfer)
    assert not end.last
    return end.aborted


async def ticks() -> AsyncIterator[str]:
    yield "a"
    yield "b"


def plain_ticks() -> Iterator[str]:
    yield "a"
    yield "b"


class Ticks:
    """An iterator that is no generator, in both kinds."""

    def __init__(self) -> None:
        self._left = ["b", "a"]

    def __aiter__(self) -> Ticks:
        return self

    async def __anext__(self) -> str:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


class Iterable:
    def __aiter__(self) -> AsyncIterator[str]:
        return ticks()


@pytest.mark.parametrize(
    "body",
    [ticks, plain_ticks, Ticks, Iterable, lambda: iter(["a", "b"]), lambda: map(str.lower, "AB"), lambda: iter(b"")],
)
async def test_whatever_gives_pieces_is_a_body(body: Callable[[], Any]) -> None:
    async with bench() as runner:
        assert await sent(runner, lambda ctx: body()) in (b"ab", b"")


async def test_a_file_is_sent_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"one\ntwo\n")
    file = path.open("rb")
    async with bench() as runner:
        assert await sent(runner, lambda ctx: file) == b"one\ntwo\n"
        assert file.closed


@pytest.mark.parametrize("body", [[1], (1,), {"a": 1}, "text", b"bytes", None, 5, {"next": 1}])
def test_what_is_no_body_of_that_kind(body: Any) -> None:
    bodies = Bodies(Outbox(), pb.Welcome(features=[pb.FEATURE_STREAMED_BODIES]))
    assert not bodies.takes({"body": body})
    assert not bodies.takes(body)


async def test_the_head_comes_before_the_first_piece_is_there() -> None:
    go_on = asyncio.Event()

    async def late() -> AsyncIterator[str]:
        await go_on.wait()
        yield "x"

    async with bench() as runner:
        result = await run(runner, lambda ctx: late(), status=202, headers={"x-a": 1})
        assert decode(result.payload) == {"form": "none", "body": b"", "status": 202, "headers": {"x-a": "1"}}
        assert runner.sent("chunk") == []
        go_on.set()
        await runner.body_end(result.body_transfer)


async def test_plain_iterators_never_run_on_the_loop_and_keep_their_context() -> None:
    threads: list[threading.Thread] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    def body() -> Iterator[str]:
        token = variable.set("kept")
        try:
            for _ in range(3):
                threads.append(threading.current_thread())
                yield variable.get()
        finally:
            threads.append(threading.current_thread())
            variable.reset(token)

    async with bench() as runner:
        assert await sent(runner, lambda ctx: body()) == b"keptkeptkept"
    assert len(threads) == 4
    assert threading.main_thread() not in threads


async def test_a_plain_handler_streams_and_calls_the_core() -> None:
    def handler(req: Any, ctx: FlowContext) -> Any:
        def body() -> Iterator[str]:
            for key in "ab":
                yield f"{key}{ctx.state.get('g', key)}"

        return {"status": 200, "body": body()}

    async with bench() as runner:
        result = await runner.run(handler, REQUEST, **API)
        await runner.body_end(result.body_transfer)
        assert runner.body(result.body_transfer) == b"aNonebNone"


async def test_a_producer_waits_while_the_window_is_shut() -> None:
    produced: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(5):
            produced.append(number)
            yield b"x" * 600

    async with bench(body_window_bytes=1000) as runner:
        result = await run(runner, lambda ctx: body())
        await runner.idle()
        assert (len(runner.body(result.body_transfer)), produced) == (1000, [0, 1])
        for _ in range(2):
            runner.bodies.read(pb.BodyRead(transfer=result.body_transfer, bytes=1000))
            await runner.idle()
        await runner.body_end(result.body_transfer)
        assert len(runner.body(result.body_transfer)) == 3000


async def test_pieces_that_are_there_at_once_leave_the_loop_to_others() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def body() -> AsyncIterator[str]:
        counting = asyncio.create_task(count())
        for _ in range(20_000):
            yield "x"
        counting.cancel()

    async with bench(body_window_bytes=1 << 20) as runner:
        await sent(runner, lambda ctx: body())
    assert turns > 10


async def test_a_buffer_may_be_used_again_after_its_piece() -> None:
    async def body() -> AsyncIterator[bytearray]:
        buffer = bytearray(b"a")
        yield buffer
        buffer[0] = ord("b")
        yield buffer

    async with bench() as runner:
        assert await sent(runner, lambda ctx: body()) == b"ab"


@pytest.mark.parametrize("plain", [False, True])
async def test_cancel_runs_the_cleanup(plain: bool) -> None:
    cleaned = threading.Event()
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def waits(ctx: FlowContext) -> AsyncIterator[str]:
        try:
            yield "x"
            began.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    def polls(ctx: FlowContext) -> Iterator[str]:
        try:
            while True:
                loop.call_soon_threadsafe(began.set)
                while not ctx.cancelled and began.is_set():
                    threading.Event().wait(0.001)
                yield "x"
        finally:
            cleaned.set()

    async with bench() as runner:
        result = await run(runner, polls if plain else waits)
        await began.wait()
        reason = pb.CANCEL_REASON_CLIENT_GONE
        runner.executor.cancel(pb.Cancel(invocation_id=1, reason=reason, grace_ms=NEVER_MS))
        assert (await runner.body_end(result.body_transfer)).aborted.kind == pb.FAILURE_KIND_CANCELLED
        assert cleaned.is_set()
        assert runner.bodies.count == runner.executor.in_flight == 0


async def test_a_producer_that_ends_by_itself_when_cancelled_has_ended_well() -> None:
    began = asyncio.Event()

    async def body() -> AsyncIterator[str]:
        try:
            yield "x"
            began.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async with bench() as runner:
        result = await run(runner, lambda ctx: body())
        await began.wait()
        runner.executor.cancel(pb.Cancel(invocation_id=1, grace_ms=NEVER_MS))
        assert (await runner.body_end(result.body_transfer)).last


async def test_what_outlasts_the_grace_is_given_up_and_its_late_pieces_with_it() -> None:
    release = threading.Event()

    def body() -> Iterator[str]:
        yield "x"
        release.wait()
        yield "late"

    async with bench() as runner:
        result = await run(runner, lambda ctx: body())
        runner.executor.cancel(pb.Cancel(invocation_id=1, reason=pb.CANCEL_REASON_SHUTDOWN, grace_ms=1))
        assert (await runner.body_end(result.body_transfer)).aborted.kind == pb.FAILURE_KIND_CANCELLED
        release.set()
        await runner.idle()
        assert runner.body(result.body_transfer) in (b"", b"x")
        assert len([chunk for chunk in runner.sent("chunk") if chunk.HasField("aborted")]) == 1


async def test_a_cleanup_that_fails_is_told() -> None:
    async def body() -> AsyncIterator[Any]:
        try:
            yield object()
        finally:
            raise KeyError("the cleanup")

    async with bench() as runner:
        failure = await given_up(runner, lambda ctx: body())
        assert (failure.kind, failure.type) == (pb.FAILURE_KIND_HANDLER, "KeyError")


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        ({"headers": 5}, pb.FAILURE_KIND_INVALID_OUTPUT, "headers is a int"),
        ({"headers": {"a": "x" * 70_000}}, pb.FAILURE_KIND_INVALID_OUTPUT, "at most 65536"),
    ],
)
async def test_a_response_that_cannot_be_sent_produces_nothing(
    response: dict[str, Any], kind: pb.FailureKind, words: str
) -> None:
    closed = False

    class Watched(Ticks):
        async def aclose(self) -> None:
            nonlocal closed
            closed = True

    async with bench() as runner:
        result = await run(runner, lambda ctx: Watched(), **response)
        assert result.failure.kind == kind
        assert words in result.failure.message
        assert (result.body_transfer, runner.sent("chunk"), closed) == (0, [], True)


async def test_bodies_have_a_bound_of_their_own() -> None:
    async def endless() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    async with bench(max_bodies=1, max_in_flight=1) as runner:
        first = await run(runner, lambda ctx: endless())
        assert first.body_transfer
        assert await runner.value(lambda: "runs", id=2) == "runs"
        runner.install(lambda: {"body": endless()})
        assert (await runner.start(REQUEST, id=3, **API)).failure.kind == pb.FAILURE_KIND_OVERLOADED
        runner.executor.cancel(pb.Cancel(invocation_id=1, grace_ms=NEVER_MS))
        await runner.body_end(first.body_transfer)


async def test_middleware_sees_the_body_and_may_replace_it() -> None:
    async def doubled(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        async for piece in pieces:
            yield piece * 2

    async def around(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        response = await go_on()
        return {**response, "body": doubled(response["body"])}

    async with bench() as runner:
        runner.install(lambda: {"status": 200, "body": ticks()}, around)
        result = await runner.start(REQUEST, **API)
        await runner.body_end(result.body_transfer)
        assert runner.body(result.body_transfer) == b"aabb"


async def test_an_event_step_streams_nothing() -> None:
    async with bench() as runner:
        result = await runner.run(lambda input: {"body": plain_ticks()})
        assert result.failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        assert "body" in result.failure.message
