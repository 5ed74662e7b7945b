"""What a handler finds in `ctx`, and what it may ask the core."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from motia import VersionConflict
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.context import FlowContext
from runtime_runner.values import Unsendable, decode, encode
from tests.unit.runner_python.bench import bench

Handler = Callable[[Any, FlowContext], Any]


async def _call_of(use: Callable[[FlowContext], Any], reply: Any = None) -> tuple[pb.HostCall, Any]:
    """The host call that `use` makes, and what it gives to the handler."""
    given: list[Any] = []

    async def handler(input: Any, ctx: FlowContext) -> None:
        given.append(await use(ctx))

    async with bench() as runner:
        payload = b"" if reply is None else encode(reply, "reply")
        runner.answer = lambda call: pb.HostReply(payload=payload)
        await runner.value(handler)
        return runner.sent("host_call")[0], given[0]


async def _error_of(use: Callable[[FlowContext], Any]) -> BaseException:
    """What `use` raises in a handler; no host call may be sent."""
    raised: list[BaseException] = []

    async def handler(input: Any, ctx: FlowContext) -> None:
        with pytest.raises(Exception) as error:
            await use(ctx)
        raised.append(error.value)

    async with bench() as runner:
        await runner.value(handler)
        assert not runner.sent("host_call")
    return raised[0]


async def test_middleware_leaves_things_in_the_context() -> None:
    async def around(req: Any, ctx: Any, go_on: Callable[[], Any]) -> Any:
        ctx.user = {"id": 1}
        ctx["tenant"] = "a"
        return await go_on()

    def handler(req: Any, ctx: Any) -> Any:
        return {"status": 200, "body": [ctx["user"], ctx.get("tenant"), ctx.tenant]}

    request = {"method": "POST", "path": "/", "form": "none"}
    async with bench() as runner:
        for _ in range(2):  # each run has a context of its own
            runner.install(handler, around)
            response = decode((await runner.start(request, trigger=pb.TRIGGER_KIND_API)).payload)
            assert response["body"] == b'[{"id":1},"a","a"]'
        assert not await runner.value(lambda input, ctx: hasattr(ctx, "user"), 1)


async def test_the_context_describes_the_run() -> None:
    def handler(input: Any, ctx: FlowContext) -> Any:
        assert ctx["logger"] is ctx.logger is ctx.get("logger")
        assert ctx.get("nothing", 1) == 1
        with pytest.raises(KeyError):
            ctx["nothing"]
        now = ctx.utils.dates.now()
        assert now.tzinfo is UTC
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=60)
        keys = (ctx.idempotency_key, ctx.idempotencyKey)
        return [ctx.trace_id, ctx.traceId, ctx.flows, ctx.trigger, ctx.attempt, ctx.cancelled, keys]

    async with bench() as runner:
        fields = {"trace_id": "abc", "attempt": 2, "trigger_source": "topic", "trigger_index": 1}
        told = await runner.value(handler, idempotency_key="event-1", **fields)
        assert told == [
            "abc",
            "abc",
            ["flow"],
            {"type": "event", "source": "topic", "index": 1},
            2,
            False,
            ["event-1", "event-1"],
        ]


@pytest.mark.parametrize(
    ("emit", "data", "options"),
    [
        (lambda ctx: ctx.emit({"topic": "t", "data": {"a": 1}}), {"a": 1}, None),
        (lambda ctx: ctx.emit("t", {"a": 1}), {"a": 1}, None),
        (lambda ctx: ctx.emit({"topic": "t"}), None, None),
        (
            lambda ctx: ctx.emit({"topic": "t", "data": 1, "messageGroupId": "g", "delay": 2.5, "priority": 3}),
            1,
            {"messageGroupId": "g", "delay": 2.5, "priority": 3},
        ),
        (lambda ctx: ctx.emit("t", 1, {"idempotencyKey": "k", "delay": None}), 1, {"idempotencyKey": "k"}),
        (
            lambda ctx: ctx.emit("t", 1, {"delay": datetime(2024, 1, 2, tzinfo=UTC)}),
            1,
            {"delay": "2024-01-02T00:00:00Z"},
        ),
    ],
)
async def test_emit(emit: Callable[[FlowContext], Any], data: Any, options: Any) -> None:
    call, given = await _call_of(emit, "event-id")
    assert (call.op, call.target, decode(call.payload), decode(call.options)) == (pb.HOST_OP_EMIT, "t", data, options)
    assert given == "event-id"


@pytest.mark.parametrize(
    ("use", "op", "names", "payload"),
    [
        (lambda ctx: ctx.state.get("g", "k"), "STATE_GET", ("", "g", "k"), None),
        (lambda ctx: ctx.state.get("k"), "STATE_GET", ("", "default", "k"), None),
        (lambda ctx: ctx.state.get(7, 1e21), "STATE_GET", ("", "7", "1" + 21 * "0"), None),
        (lambda ctx: ctx.state.get(-0.0, ""), "STATE_GET", ("", "0", ""), None),
        (lambda ctx: ctx.state.get_entry("g", "k"), "STATE_GET_ENTRY", ("", "g", "k"), None),
        (lambda ctx: ctx.state.getEntry("k"), "STATE_GET_ENTRY", ("", "default", "k"), None),
        (lambda ctx: ctx.state.delete("g", "k"), "STATE_DELETE", ("", "g", "k"), None),
        (lambda ctx: ctx.state.delete("k"), "STATE_DELETE", ("", "default", "k"), None),
        (lambda ctx: ctx.state.getGroup("g"), "STATE_GET_GROUP", ("", "g", ""), None),
        (lambda ctx: ctx.state.get_group("g"), "STATE_GET_GROUP", ("", "g", ""), None),
        (lambda ctx: ctx.state.clear("g"), "STATE_CLEAR", ("", "g", ""), None),
        (lambda ctx: ctx.state.keys("g"), "STATE_KEYS", ("", "g", ""), None),
        (lambda ctx: ctx.state.update("g", "k", [{"op": "x"}]), "STATE_UPDATE", ("", "g", "k"), [{"op": "x"}]),
        (lambda ctx: ctx.state.update("k", []), "STATE_UPDATE", ("", "default", "k"), []),
        (lambda ctx: ctx.streams.chat.get("g", "i"), "STREAM_GET", ("chat", "g", "i"), None),
        (lambda ctx: ctx.streams["a-b"].set("g", "i", {"t": 1}), "STREAM_SET", ("a-b", "g", "i"), {"t": 1}),
        (lambda ctx: ctx.streams.chat.delete("g", "i"), "STREAM_DELETE", ("chat", "g", "i"), None),
        (lambda ctx: ctx.streams.chat.getGroup("g"), "STREAM_GET_GROUP", ("chat", "g", ""), None),
        (lambda ctx: ctx.streams.chat.update("g", "i", []), "STREAM_UPDATE", ("chat", "g", "i"), []),
        (
            lambda ctx: ctx.streams.chat.send({"groupId": "g"}, {"type": "ping", "data": 1}),
            "STREAM_SEND",
            ("chat", "g", ""),
            {"type": "ping", "data": 1},
        ),
        (
            lambda ctx: ctx.streams.chat.send({"groupId": "g", "id": "i"}, {"type": "ping"}),
            "STREAM_SEND",
            ("chat", "g", "i"),
            {"type": "ping"},
        ),
    ],
)
async def test_host_calls(
    use: Callable[[FlowContext], Any], op: str, names: tuple[str, str, str], payload: Any
) -> None:
    call, given = await _call_of(use, {"answer": 1})
    assert pb.HostOp.Name(call.op) == f"HOST_OP_{op}"
    assert (call.target, call.group, call.key) == names
    assert decode(call.payload) == payload
    assert given.answer == 1


@pytest.mark.parametrize(
    ("use", "names", "options"),
    [
        (lambda ctx, value: ctx.state.set("g", "k", value), ("g", "k"), None),
        (lambda ctx, value: ctx.state.set("k", value), ("default", "k"), None),
        (lambda ctx, value: ctx.state.set("g", "k", value, {"ttl": 5}), ("g", "k"), {"ttl": 5}),
        (lambda ctx, value: ctx.state.set("k", value, options={"ifVersion": 0}), ("default", "k"), {"ifVersion": 0}),
        (lambda ctx, value: ctx.state.set("k", value, {"ttl": 0.5}), ("default", "k"), {"ttl": 0.5}),
        (lambda ctx, value: ctx.state.set("k", value, {}), ("default", "k"), None),
        (lambda ctx, value: ctx.state.set("g", "k", value, ttl=5), ("g", "k"), {"ttl": 5}),
        (lambda ctx, value: ctx.state.set("k", value, if_version=0), ("default", "k"), {"ifVersion": 0}),
        (lambda ctx, value: ctx.state.set("g", "k", value, ifVersion=7), ("g", "k"), {"ifVersion": 7}),
        (lambda ctx, value: ctx.state.set("g", "k", value, {"if_version": 7}), ("g", "k"), {"ifVersion": 7}),
        (
            lambda ctx, value: ctx.state.set("g", "k", value, {"ttl": 1}, if_version=7),
            ("g", "k"),
            {"ttl": 1, "ifVersion": 7},
        ),
    ],
)
async def test_set_gives_back_what_it_was_given(use: Any, names: tuple[str, str], options: Any) -> None:
    value = {"a": (1, 2)}
    call, given = await _call_of(lambda ctx: use(ctx, value))
    assert given is value
    assert (call.group, call.key) == names
    assert (decode(call.payload), decode(call.options)) == ({"a": [1, 2]}, options)


async def test_a_text_or_number_before_the_last_is_a_key() -> None:
    for key in ("k", 7):
        call, _ = await _call_of(lambda ctx, key=key: ctx.state.set("g", key, {"ttl": 1}))  # type: ignore[misc]
        assert (call.group, call.key, call.options) == ("g", str(key), b"")


@pytest.mark.parametrize(
    ("use", "op", "payload"),
    [
        (lambda ctx: ctx.stream.write("t", "a piece"), "TEXT_WRITE", "a piece"),
        (lambda ctx: ctx.stream.write("t", ""), "TEXT_WRITE", ""),
        (lambda ctx: ctx.stream.close("t"), "TEXT_CLOSE", None),
    ],
)
async def test_text_streams(use: Callable[[FlowContext], Any], op: str, payload: Any) -> None:
    call, given = await _call_of(use)
    assert given is None
    assert (pb.HostOp.Name(call.op), call.key, decode(call.payload)) == (f"HOST_OP_{op}", "t", payload)


async def test_calls_on_one_text_go_one_after_the_other_whether_they_are_awaited_or_not() -> None:
    async def handler(input: Any, ctx: FlowContext) -> str:
        for piece in ("a", "b"):
            ctx.stream.write("t", piece)
        ctx.stream.close("t")
        ctx.stream.write("u", "c")
        ctx.state.get("g", "k")
        return "done"

    async with bench() as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        await runner.host_call()
        seen: list[tuple[int, str, Any]] = []
        while not done.done():
            open_calls = runner.sent("host_call")[len(seen) :]
            assert len({call.key for call in open_calls}) == len(open_calls)
            for call in open_calls:
                seen.append((call.op, call.key, decode(call.payload)))
                runner.calls.answer(pb.HostReply(call_id=call.call_id), b"")
            await asyncio.sleep(0)
        assert decode((await done).payload) == "done"
    assert [call for call in seen if call[1] == "t"] == [
        (pb.HOST_OP_TEXT_WRITE, "t", "a"),
        (pb.HOST_OP_TEXT_WRITE, "t", "b"),
        (pb.HOST_OP_TEXT_CLOSE, "t", None),
    ]
    assert {call[1] for call in seen[:3]} == {"t", "u", "k"}, "another text and other calls do not wait"


async def test_threads_that_wait_on_a_text_are_freed_when_their_run_is_answered_for() -> None:
    freed = threading.Semaphore(0)

    def handler(input: Any, ctx: FlowContext) -> None:
        def write() -> None:
            with pytest.raises(RuntimeError, match=r"text\.write was called after its invocation had ended"):
                ctx.stream.write("t", "b")
            freed.release()

        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    async with bench() as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        call = await runner.host_call()
        runner.executor.cancel(pb.Cancel(invocation_id=call.invocation_id, grace_ms=0))
        await done
        for _ in range(2):
            assert await asyncio.to_thread(freed.acquire, timeout=5)


async def test_a_conflict_is_an_error_of_its_own() -> None:
    async def catches(input: Any, ctx: FlowContext) -> str:
        with pytest.raises(VersionConflict) as caught:
            await ctx.state.set("g", "k", 1, {"ifVersion": 1})
        return str(caught.value)

    async def passes(input: Any, ctx: FlowContext) -> None:
        await ctx.state.set("g", "k", 1, {"ifVersion": 1})

    conflict = pb.Failure(kind=pb.FAILURE_KIND_CONFLICT, message="version 2 is stored", retryable=True)
    async with bench() as runner:
        runner.answer = lambda call: pb.HostReply(failure=conflict)
        assert await runner.value(catches) == "version 2 is stored"
        failure = (await runner.run(passes)).failure
    assert (failure.kind, failure.type, failure.message) == (
        pb.FAILURE_KIND_HANDLER,
        "VersionConflict",
        "version 2 is stored",
    )
    assert failure.retryable


async def test_the_deadline_is_told() -> None:
    def handler(input: Any, ctx: FlowContext) -> Any:
        return ctx.deadline

    async with bench() as runner:
        assert await runner.value(handler) is None
        due = datetime.fromisoformat(await runner.value(handler, deadline_ms=60_000))
        assert timedelta(seconds=0) < due - datetime.now(UTC) <= timedelta(seconds=60)


async def test_an_absent_value_is_none() -> None:
    _, given = await _call_of(lambda ctx: ctx.state.get("g", "k"))
    assert given is None


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda ctx: ctx.emit({"topic": "", "data": 1}), "emit needs a topic"),
        (lambda ctx: ctx.emit(None), "emit needs a topic"),
        (lambda ctx: ctx.emit({"topic": "t", "dta": 1}), "emit does not know dta; it knows topic, data, messageGr"),
        (lambda ctx: ctx.emit("t", 1, {"ttl": 1}), "emit does not know ttl; it knows messageGroupId"),
        (lambda ctx: ctx.emit("t", 1, 5), "The options of emit must be a dict, not int"),
        (lambda ctx: ctx.emit("t", {"items": [{"run": len}]}), r"data.items\[0\].run is a builtin"),
        (lambda ctx: ctx.state.set("g", "k", {1, 2}), "value is a set"),
        (lambda ctx: ctx.state.set("g", "k", 1, {"tll": 1}), "state.set does not know tll; it knows ttl, ifVersion"),
        (lambda ctx: ctx.state.set("k", {"n": 1}, {"tll": 1}), "state.set does not know tll"),
        (lambda ctx: ctx.state.set("k", {"n": 1}, 0), "The options of state.set must be a dict, not int"),
        (lambda ctx: ctx.state.set("g", None, {"ttl": 1}), "The key must be a string, not NoneType"),
        (lambda ctx: ctx.state.set("g", "k", 1, {"ifVersion": None}), "a version that get_entry gave, or 0 for when"),
        (lambda ctx: ctx.stream.write("t", {"a": 1}), "The text of stream.write must be a string, not dict; make it"),
        (lambda ctx: ctx.stream.write("t", b"a"), "The text of stream.write must be a string, not bytes"),
        (lambda ctx: ctx.stream.write("t", "\ud800"), "text holds a lone surrogate"),
        (lambda ctx: ctx.stream.write("", "a"), "The id of a text must be a string with at least one character"),
        (lambda ctx: ctx.stream.close(None), "The id must be a string, not NoneType"),
        (lambda ctx: ctx.state.get(None, "k"), "The group must be a string, not NoneType"),
        (lambda ctx: ctx.state.get("g", True), "The key must be a string, not bool"),
        (lambda ctx: ctx.state.update("g", "k", {"op": "set"}), "update takes a list of operations, not dict"),
        (lambda ctx: ctx.streams.chat.get("g", None), "The id must be a string"),
        (
            lambda ctx: ctx.streams.chat.send({"group": "g"}, {"type": "x"}),
            "channel of send has group, which means nothing th",
        ),
        (
            lambda ctx: ctx.streams.chat.send({"groupId": "g"}, {"data": 1}),
            "The type in the event of send must be a string, no",
        ),
        (lambda ctx: ctx.streams.chat.send("g", {"type": "x"}), r"""channel of send must be a dict, {"groupId": "th"""),
        (lambda ctx: ctx.streams.chat.send({"groupId": "g"}, "x"), """The event of send must be a dict, {"type": "a"""),
        (lambda ctx: ctx.state.get("g", 1e-7), "The key must be a string or a whole number, not 1e-07"),
        (lambda ctx: ctx.state.get(float("nan"), "k"), "The group must be a string or a whole number, not nan"),
        (lambda ctx: ctx.state.get("g", float("inf")), "The key must be a string or a whole number, not inf"),
        (lambda ctx: ctx.state.set("g", "k", 1, {"ifVersion": 1}, if_version=1), "got one of its options twice"),
        (lambda ctx: ctx.state.set("g", "k", 1, if_version=None), "a version that get_entry gave, or 0 for when"),
        (lambda ctx: ctx.state.set("g", "k", 1, tll=1), "state.set does not know tll; it knows ttl, ifVersion"),
        (lambda ctx: ctx.state.set("g", "k", "x" * 2_000_000), "has 2000005 bytes; at most 1048576"),
        (lambda ctx: ctx.state.get("g" * 70_000, "k"), "names and options of state.get have 70001"),
    ],
)
async def test_what_cannot_be_asked_is_an_error_at_the_call(use: Callable[[FlowContext], Any], message: str) -> None:
    error = await _error_of(use)
    assert isinstance(error, Unsendable | TypeError | ValueError)
    with pytest.raises(type(error), match=message):
        raise error


UNAWAITED = "call that was not awaited; await it first"


@pytest.mark.parametrize(
    "use",
    [
        lambda call, ctx: call["n"],
        lambda call, ctx: call.__setitem__("n", 1),
        lambda call, ctx: call.n,
        lambda call, ctx: call.get("n"),
        lambda call, ctx: ctx.state.set("g", "k", {"n": [call]}),
        lambda call, ctx: ctx.state.get("g", call),
        lambda call, ctx: ctx.state.set("g", "k", 1, call),
        lambda call, ctx: ctx.state.update("g", "k", call),
        lambda call, ctx: ctx.emit("t", call),
        lambda call, ctx: ctx.emit("t", 1, call),
        lambda call, ctx: ctx.stream.write("t", call),
        lambda call, ctx: ctx.streams.chat.send(call, {"type": "x"}),
        lambda call, ctx: ctx.streams.chat.set("g", "1", asyncio.get_running_loop().create_future()),
    ],
)
async def test_a_call_that_was_not_awaited_is_told_wherever_a_value_is_wanted(use: Any) -> None:
    seen: list[str] = []

    async def handler(input: Any, ctx: FlowContext) -> None:
        call = ctx.state.get("g", "k")
        with pytest.raises((TypeError, AttributeError)) as error:
            use(call, ctx)
        seen.append(str(error.value))
        with pytest.raises(TypeError, match="UnawaitedCall"):
            call + 1
        assert await asyncio.create_task(call) is None

    async with bench() as runner:
        await runner.value(handler)
    assert UNAWAITED in seen[0]


@pytest.mark.parametrize("returned", [lambda call: call, lambda call: {"status": 200, "body": {"a": [call]}}])
async def test_a_response_that_was_not_awaited_is_told(returned: Callable[[Any], Any]) -> None:
    async def handler(req: Any, ctx: FlowContext) -> Any:
        return returned(ctx.state.get("g", "k"))

    async with bench() as runner:
        request = {"method": "POST", "path": "/", "form": "none"}
        result = await runner.run(handler, request, trigger=pb.TRIGGER_KIND_API)
    assert UNAWAITED in result.failure.message


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda ctx: ctx.stream.messages, "only write and close for texts; did you mean ctx.streams.messages?"),
        (lambda ctx: ctx.state.getgroup, "state has no 'getgroup'; did you mean getGroup?"),
        (lambda ctx: ctx.state.get_item, "state has no 'get_item'; did you mean get?"),
        (lambda ctx: ctx.state.push, "state has no 'push'; it has clear, delete, get, "),
        (lambda ctx: ctx.streams.chat.sent, "streams.chat has no 'sent'; did you mean send?"),
    ],
)
async def test_what_a_part_of_the_context_lacks_is_told_with_what_it_has(use: Any, message: str) -> None:
    error = await _error_of(use)
    assert isinstance(error, AttributeError)
    assert message in str(error)


async def test_calls_of_a_run_are_bounded_and_the_rest_wait() -> None:
    async def handler(input: Any, ctx: FlowContext) -> Any:
        return await asyncio.gather(*(ctx.state.get("g", str(number)) for number in range(10)))

    async with bench(max_host_calls=3) as runner:
        runner.answer = lambda call: None
        runner.install(handler)
        done = runner.start()
        await runner.host_call()
        answered = 0
        while not done.done():
            open_calls = runner.sent("host_call")[answered:]
            assert len(open_calls) <= 3
            for call in open_calls:
                answered += 1
                runner.calls.answer(pb.HostReply(call_id=call.call_id), encode(call.key, "key"))
            await asyncio.sleep(0)
        assert decode((await done).payload) == [str(number) for number in range(10)]


async def test_in_a_worker_thread_a_call_gives_the_value_itself() -> None:
    def handler(input: Any, ctx: FlowContext) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        return ctx.state.get("g", "k")["a"]

    async with bench() as runner:
        runner.answer = lambda call: pb.HostReply(payload=encode({"a": 5}, "value"))
        assert await runner.value(handler) == 5


async def test_in_a_worker_thread_errors_are_thrown_at_the_call() -> None:
    def handler(input: Any, ctx: FlowContext) -> Any:
        with pytest.raises(Exception, match="no such stream"):
            ctx.streams.nope.get("g", "i")
        return "caught"

    async with bench() as runner:
        runner.answer = lambda call: pb.HostReply(failure=pb.Failure(message="no such stream"))
        assert await runner.value(handler) == "caught"


async def test_a_worker_thread_with_a_loop_of_its_own_awaits_there() -> None:
    async def inner(ctx: FlowContext) -> Any:
        return await asyncio.gather(ctx.state.get("g", "a"), ctx.state.get("g", "b"))

    async with bench() as runner:
        runner.answer = lambda call: pb.HostReply(payload=encode(call.key, "key"))
        assert await runner.value(lambda input, ctx: asyncio.run(inner(ctx))) == ["a", "b"]


async def test_logs_of_both_kinds_of_handlers() -> None:
    def plain(input: Any, ctx: FlowContext) -> None:
        ctx.logger.debug("d", {"a": 1})
        ctx.logger.warning(5)
        ctx.logger.error("odd \ud800", {"run": object, "error": ValueError("bad")})
        ctx.logger.info("keys", {None: 1})

    async def on_loop(input: Any, ctx: FlowContext) -> None:
        plain(input, ctx)

    for handler in (plain, on_loop):
        async with bench() as runner:
            await runner.run(handler)
            lines = runner.sent("log")
            assert [(line.level, line.message) for line in lines] == [
                (pb.LOG_LEVEL_DEBUG, "d"),
                (pb.LOG_LEVEL_WARN, "5"),
                (pb.LOG_LEVEL_ERROR, "odd \\ud800"),
                (pb.LOG_LEVEL_INFO, "keys"),
            ]
            assert decode(lines[0].data) == {"a": 1}
            error = {"type": "ValueError", "message": "bad", "stack": ""}
            assert decode(lines[2].data) == {"run": "<class 'object'>", "error": error}
            assert decode(lines[3].data) == "{None: 1}"
            assert {line.invocation_id for line in lines} == {1}
            assert runner.envelopes[-1].WhichOneof("kind") == "result"


async def test_a_flood_of_lines_on_the_loop_is_dropped_and_counted() -> None:
    async def handler(input: Any, ctx: FlowContext) -> None:
        for _ in range(100):
            ctx.logger.info("x" * 100)

    async with bench(max_queued_bytes=1000) as runner:
        await runner.run(handler)
    messages = [line.message for line in runner.sent("log")]
    kept = messages.count("x" * 100)
    assert f"{100 - kept} log lines were dropped" in messages[-1]
    assert 0 < kept < 20


async def test_a_flood_of_lines_of_a_thread_waits() -> None:
    def handler(input: Any, ctx: FlowContext) -> None:
        for number in range(5000):
            ctx.logger.info(str(number))

    async with bench(max_queued_bytes=1000) as runner:
        await runner.run(handler)
        assert [line.message for line in runner.sent("log")] == [str(number) for number in range(5000)]


async def test_after_the_result_nothing_is_sent_for_the_run() -> None:
    kept: list[FlowContext] = []

    async def handler(input: Any, ctx: FlowContext) -> None:
        kept.append(ctx)

    async with bench() as runner:
        await runner.run(handler)
        with pytest.raises(RuntimeError, match="emit was called after its invocation had ended"):
            kept[0].emit("t", 1)
        kept[0].logger.info("late")
        await runner.line_seen.wait()
        assert runner.sent("log")[0].invocation_id == 0
        assert not runner.sent("host_call")
