"""From an invocation to its one result."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from motia import HttpError
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.context import FlowContext
from runtime_runner.values import decode
from tests.unit.runner_python.bench import bench

API = {"trigger": pb.TRIGGER_KIND_API}
REQUEST = {"method": "POST", "path": "/", "form": "json", "body": b'{"a": 1}'}


async def test_a_handler_gets_as_much_as_it_takes() -> None:
    async with bench() as runner:
        assert await runner.value(lambda: "none", 5) == "none"
        assert await runner.value(lambda input: input, 5) == 5
        assert await runner.value(lambda *rest: len(rest), 5) == 2
        assert await runner.value(lambda ctx: ctx.trace_id, trigger=pb.TRIGGER_KIND_CRON) == "t"
        both = await runner.value(lambda input, ctx: [input, ctx.trigger.type], trigger=pb.TRIGGER_KIND_CRON)
        assert both == [None, "cron"]


async def test_a_plain_function_that_returns_an_awaitable() -> None:
    async def inner(value: int) -> int:
        return value + 1

    async with bench() as runner:
        assert await runner.value(lambda input: inner(input), 1) == 2


async def test_plain_handlers_run_beside_each_other() -> None:
    barrier = threading.Barrier(64, timeout=10)

    async with bench() as runner:
        runner.install(lambda: barrier.wait() >= 0)
        results = await asyncio.gather(*(runner.start(id=number + 1) for number in range(64)))
        assert [decode(result.payload) for result in results] == [True] * 64


async def test_plain_middleware_never_starves_plain_handlers() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def wait(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        barrier.wait()
        return go_on()

    async def on_loop(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        return await go_on()

    async with bench(max_in_flight=4) as runner:
        runner.install(lambda req: {"status": 201}, wait, on_loop, wait)
        results = await asyncio.gather(*(runner.start(REQUEST, id=number + 1, **API) for number in range(4)))
        assert [decode(result.payload)["status"] for result in results] == [201] * 4


async def test_middleware_sees_request_and_response_in_order() -> None:
    seen: list[str] = []

    async def outer(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        seen.append("outer")
        req["user"] = "ann"
        response = await go_on()
        return {**response, "headers": {"x-seen": ",".join(seen)}}

    def inner(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        seen.append("inner")
        return go_on()

    async with bench() as runner:
        runner.install(lambda req: {"status": 200, "body": [req.user, req.body]}, outer, inner)
        response = decode((await runner.start(REQUEST, **API)).payload)
        assert json.loads(response["body"]) == ["ann", {"a": 1}]
        assert response["headers"] == {"x-seen": "outer,inner"}


async def test_middleware_may_forget_to_return_but_not_go_on_twice() -> None:
    def forgets(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> None:
        go_on()

    async def forgets_on_loop(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> None:
        go_on()

    async def twice(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        await go_on()
        return await go_on()

    async with bench() as runner:
        for middleware in (forgets, forgets_on_loop):
            runner.install(lambda: {"status": 201}, middleware)
            assert decode((await runner.start(REQUEST, **API)).payload)["status"] == 201
        runner.install(lambda: {"status": 201}, twice)
        assert "next() twice" in (await runner.start(REQUEST, **API)).failure.message
        runner.install(lambda: {"status": 201}, lambda req: None)
        assert (await runner.start(REQUEST, **API)).failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT


async def test_context_variables_reach_a_worker_thread() -> None:
    user = contextvars.ContextVar("user", default="nobody")

    async def outer(req: Any, ctx: FlowContext, go_on: Callable[[], Any]) -> Any:
        user.set("ann")
        return await go_on()

    async with bench() as runner:
        runner.install(lambda: {"status": 200, "body": user.get()}, outer)
        assert decode((await runner.start(REQUEST, **API)).payload)["body"] == b"ann"


async def test_malformed_json_never_reaches_the_handler() -> None:
    called: list[int] = []
    async with bench() as runner:
        result = await runner.run(lambda: called.append(1), {**REQUEST, "body": b"{"}, **API)
        assert result.failure.kind == pb.FAILURE_KIND_INVALID_INPUT
        assert not result.failure.retryable
        assert not called


async def test_large_values_take_the_thread_and_come_back_whole() -> None:
    rows = [{"id": number, "text": "x" * 40} for number in range(5000)]
    body = json.dumps(rows).encode()

    async def handler(req: Any) -> Any:
        assert req.body[7].id == 7
        return {"status": 200, "body": req.body}

    async with bench() as runner:
        result = await runner.run(handler, {**REQUEST, "body": body}, **API)
        assert not result.HasField("failure"), result.failure
        chunks = b"".join(chunk.data for chunk in runner.sent("chunk"))
        assert json.loads(decode(chunks)["body"]) == rows


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), RecursionError("deep")])
async def test_whatever_is_thrown_is_a_result(error: BaseException) -> None:
    def throws() -> None:
        raise error

    async def throws_on_loop() -> None:
        raise error

    async with bench() as runner:
        for handler in (throws, throws_on_loop):
            failure = (await runner.run(handler)).failure
            assert (failure.kind, failure.type) == (pb.FAILURE_KIND_HANDLER, type(error).__name__)


async def test_stop_iteration_does_not_hang() -> None:
    async with bench() as runner:
        assert (await runner.run(lambda: next(iter([])))).failure.cause.type == "StopIteration"


async def test_a_result_that_cannot_be_sent() -> None:
    class Odd:
        @property
        def model_dump(self) -> Any:
            raise OSError("disk")

    async with bench(max_payload_bytes=100) as runner:
        place = (await runner.run(lambda: {"a": [print]})).failure
        assert place.kind == pb.FAILURE_KIND_INVALID_OUTPUT
        assert place.message.startswith("result.a[0] is a builtin")
        long = (await runner.run(lambda: "x" * 101)).failure
        assert (long.kind, long.message) == (
            pb.FAILURE_KIND_INVALID_OUTPUT,
            "The result has 103 bytes; at most 100 are allowed.",
        )
        assert (await runner.run(lambda: Odd())).failure.kind == pb.FAILURE_KIND_INVALID_OUTPUT


async def test_no_room_and_no_such_step() -> None:
    waiting = asyncio.Event()

    async with bench(max_in_flight=1) as runner:
        runner.install(waiting.wait)
        first = runner.start(id=1)
        assert (await runner.start(id=2)).failure.kind == pb.FAILURE_KIND_OVERLOADED
        waiting.set()
        await first
        unknown = (await runner.start(id=3, step_file="other_step.py")).failure
        assert (unknown.kind, "other_step.py" in unknown.message) == (pb.FAILURE_KIND_UNKNOWN_STEP, True)


def _refuse(call: pb.HostCall) -> pb.HostReply:
    return pb.HostReply(failure=pb.Failure(kind=pb.FAILURE_KIND_REFUSED, message="no such topic"))


async def test_unawaited_calls_are_answered_first_and_their_failure_counts() -> None:
    async def handler(input: Any, ctx: FlowContext) -> str:
        ctx.emit("t", 1)
        if input == "seen":
            with pytest.raises(Exception, match="no such topic"):
                await ctx.emit("t", 2)
        return "done"

    async with bench() as runner:
        assert await runner.value(handler, "") == "done"
        assert len(runner.sent("host_call")) == 1
        runner.answer = _refuse
        for payload in ("", "seen"):
            failure = (await runner.run(handler, payload)).failure
            assert (failure.kind, failure.message) == (pb.FAILURE_KIND_HANDLER, "no such topic")


async def test_a_failure_that_the_handler_has_caught_does_not_count() -> None:
    async def handler(input: Any, ctx: FlowContext) -> str:
        results = await asyncio.gather(ctx.emit("t", 1), return_exceptions=True)
        return str(results[0])

    async with bench() as runner:
        runner.answer = _refuse
        assert await runner.value(handler) == "no such topic"


async def test_a_throw_waits_for_open_calls_too() -> None:
    async def handler(input: Any, ctx: FlowContext) -> None:
        ctx.emit("t", 1)
        raise ValueError("own")

    async with bench() as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        call = await runner.host_call()
        assert not done.done()
        runner.answer = _refuse
        runner.reply(call)
        assert (await done).failure.message == "own"
        assert "failed as well: no such topic" in runner.sent("log")[0].message


BODILESS = {"method": "POST", "path": "/", "form": "none"}


def _cancel(grace_ms: int, reason: pb.CancelReason = pb.CANCEL_REASON_CLIENT_GONE) -> pb.Cancel:
    return pb.Cancel(invocation_id=1, reason=reason, grace_ms=grace_ms)


async def test_a_cancelled_task_ends_the_run() -> None:
    started = asyncio.Event()

    async def handler() -> None:
        started.set()
        await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await started.wait()
        runner.executor.cancel(_cancel(60_000, pb.CANCEL_REASON_DEADLINE))
        assert (await done).failure.kind == pb.FAILURE_KIND_DEADLINE
        runner.executor.cancel(_cancel(0))


async def test_a_run_that_is_cancelled_before_its_first_step() -> None:
    async with bench() as runner:
        runner.install(asyncio.Event().wait)
        done = runner.start()
        runner.executor.cancel(_cancel(60_000))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert runner.executor.in_flight == 0


async def test_what_a_handler_returns_within_the_grace_counts() -> None:
    started = asyncio.Event()

    async def handler() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "cleaned up"
        return "never"

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await started.wait()
        runner.executor.cancel(_cancel(60_000))
        assert decode((await done).payload) == "cleaned up"


async def test_a_plain_handler_sees_its_cancellation() -> None:
    started, cancelled = threading.Event(), threading.Event()

    def handler(input: Any, ctx: FlowContext) -> bool:
        started.set()
        cancelled.wait(10)
        return ctx.cancelled

    async with bench() as runner:
        runner.install(handler)
        done = runner.start()
        await asyncio.to_thread(started.wait, 10)
        runner.executor.cancel(_cancel(60_000))
        cancelled.set()
        assert decode((await done).payload) is True


async def test_an_async_handler_behind_plain_middleware_is_cancelled() -> None:
    started = asyncio.Event()

    async def handler() -> None:
        started.set()
        await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler, lambda req, ctx, go_on: go_on())
        done = runner.start(BODILESS, trigger=pb.TRIGGER_KIND_API)
        await started.wait()
        runner.executor.cancel(_cancel(60_000))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED


async def test_a_handler_that_goes_on_is_answered_for() -> None:
    started, ended = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def handler(input: Any, ctx: FlowContext) -> None:
        started.set()
        try:
            ctx.state.get("g", "k")
        except RuntimeError as error:
            errors.append(error)
        ended.set()

    async with bench() as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        await runner.host_call()
        runner.executor.cancel(_cancel(1))
        assert (await done).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert await asyncio.to_thread(ended.wait, 10)
        assert "after its invocation had ended" in str(errors[0])
        runner.calls.answer(pb.HostReply(call_id=1), b"")
    assert len(runner.sent("result")) == 1
    assert "goes on after it was cancelled" in runner.sent("log")[0].message


async def test_a_drain_waits_and_then_cancels() -> None:
    async def handler(input: Any) -> None:
        if input == "hangs":
            await asyncio.Event().wait()

    async with bench() as runner:
        runner.install(handler)
        quick, hangs = runner.start("quick", id=1), runner.start("hangs", id=2)
        await runner.executor.drain(1)
        assert not (await quick).HasField("failure")
        assert (await hangs).failure.kind == pb.FAILURE_KIND_CANCELLED
        assert (await runner.start("quick", id=3)).failure.kind == pb.FAILURE_KIND_OVERLOADED
        await runner.executor.drain(60_000)


async def test_a_call_passes_for_a_coroutine() -> None:
    async def handler(input: Any, ctx: FlowContext) -> list[Any]:
        task = asyncio.create_task(ctx.state.get("g", "k"))
        both = await asyncio.gather(ctx.state.get("g", "a"), asyncio.wait_for(ctx.state.get("g", "b"), 5))
        return [await task, *both]

    async with bench() as runner:
        assert await runner.value(handler, "") == [None, None, None]
        assert len(runner.sent("host_call")) == 3


async def test_cancelled_handlers_that_hold_every_thread_are_told_about() -> None:
    started, let_go = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        started.release()
        let_go.wait(10)

    async with bench(max_in_flight=2, max_bodies=1) as runner:
        runner.install(hold)
        for id in range(1, 4):
            done = runner.start(id=id)
            assert await asyncio.to_thread(started.acquire, timeout=10)
            runner.executor.cancel(pb.Cancel(invocation_id=id, reason=pb.CANCEL_REASON_DEADLINE, grace_ms=1))
            assert (await done).failure.kind == pb.FAILURE_KIND_DEADLINE
        refused = (await runner.start(id=4)).failure
        assert refused.kind == pb.FAILURE_KIND_OVERLOADED
        assert "ctx.cancelled" in refused.message
        let_go.set()
        async with asyncio.timeout(10):
            for id in itertools.count(5):  # until one of the threads is free again
                if not (await runner.start(id=id)).HasField("failure"):
                    break


ERRORS: list[Callable[[], BaseException]] = [
    lambda: RuntimeError("own"),
    lambda: KeyError("k"),
    lambda: StopIteration(),
    lambda: AttributeError("a"),
    lambda: SystemExit(3),
    lambda: Odd("odd"),
]
HOOKS = ("get", "items", "keys", "values", "__getitem__", "__iter__", "__len__", "__contains__", "__eq__", "__bool__")
ATTRIBUTES = ("__class__", "model_dump", "__dict__", "__aiter__", "__anext__", "__next__", "close", "send")
TRIGGERS = (pb.TRIGGER_KIND_API, pb.TRIGGER_KIND_EVENT)


class Meta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise Odd("its name")


class Odd(Exception, metaclass=Meta):
    """An error that raises itself when it is looked at."""

    def __str__(self) -> str:
        raise self

    @property
    def __cause__(self) -> BaseException:  # type: ignore[override]
        raise self


def _hostile(base: type, name: str, make: Callable[[], BaseException]) -> Any:
    """An object whose method or attribute of this name raises."""

    def hook(*_: Any, **__: Any) -> Any:
        raise make()

    members: dict[str, Any] = {name: property(hook) if name in ATTRIBUTES else hook, "__hash__": object.__hash__}
    if base is Mapping:
        members = {"__getitem__": hook, "__iter__": hook, "__len__": lambda _: 1} | members
    return type("Hostile", (base,), members)()


def _family() -> Iterator[tuple[str, Any]]:
    kinds: list[type] = [dict, list, str, object, Mapping]
    for base, (name, make) in itertools.product(kinds, itertools.product(HOOKS + ATTRIBUTES, ERRORS)):
        made = _hostile(base, name, make)
        if base is dict:
            dict.update(made, {"status": 200, "body": {"a": 1}})
        yield f"{base.__name__}.{name}", made


def _answers(thing: Any) -> dict[str, Any]:
    """Where a handler may put a thing."""
    return {
        "itself": thing,
        "as the body": {"status": 200, "body": thing},
        "in the body": {"status": 200, "body": {"a": [thing]}},
        "in a large body": {"status": 200, "body": [thing, *range(3000)]},
        "as the status": {"status": thing, "body": "x"},
        "as the headers": {"status": 200, "body": "x", "headers": thing},
        "as a header": {"status": 200, "body": "x", "headers": {"x-a": thing}},
    }


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_whatever_is_returned(trigger: pb.TriggerKind) -> None:
    async with bench() as runner:
        for name, thing in _family():
            for place, answer in _answers(thing).items():
                runner.envelopes.clear()
                await runner.run(_gives(answer), BODILESS if trigger == pb.TRIGGER_KIND_API else None, trigger=trigger)
                assert len(runner.sent("result")) == 1, (name, place)
                assert runner.executor.in_flight <= runner.bodies.count


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_whatever_is_raised(trigger: pb.TriggerKind) -> None:
    async with bench() as runner:
        raised = [Odd("odd"), *(_http_error(thing) for _, thing in _family())]
        for error in raised:
            runner.envelopes.clear()
            result = await runner.run(
                _raises(error), BODILESS if trigger == pb.TRIGGER_KIND_API else None, trigger=trigger
            )
            assert len(runner.sent("result")) == 1
            if error is raised[0]:
                assert "cannot be read" in result.failure.message


def _gives(answer: Any) -> Callable[[], Any]:
    async def handler() -> Any:
        return answer

    return handler


def _raises(error: BaseException) -> Callable[[], Any]:
    async def handler() -> Any:
        raise error

    return handler


def _http_error(body: Any) -> HttpError:
    error = HttpError(400)
    error.body = body  # its constructor would look at it, which is a throw of the handler's own
    return error


class Row(dict[str, Any]):
    def get(self, key: Any, default: Any = None) -> Any:
        raise KeyError(key)


async def test_a_row_that_cannot_be_read() -> None:
    async with bench() as runner:
        found = (await runner.run(lambda: Row(status=200, body="x"), BODILESS, trigger=pb.TRIGGER_KIND_API)).failure
        assert (found.kind, found.type) == (pb.FAILURE_KIND_INVALID_OUTPUT, "KeyError")
