"""runners/hostcalls: what a handler asks of the core, over a link."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.catalog import build_catalog
from runtime.config import BusSettings, StreamSettings
from runtime.errors import StorageFault
from runtime.model import Invocation, LoadedFile, LogLevel, Manifest
from runtime.records import Event, Placement, Publication, QueueKey
from runtime.runners.hostcalls import HostCalls
from runtime.services.bus import BusService
from runtime.services.changes import ChangeService
from runtime.services.held import HeldWrites
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from runtime.values import decode, encode
from tests.fakes import FakeClock, Reports, settle, unchecked
from tests.unit.runners.dialled import (
    CHUNK,
    MAX_HOST_CALLS,
    MAX_PAYLOAD,
    MAX_QUEUED,
    Dialled,
    chunks,
    host_calls,
    invocation,
)

LARGE = b"\xc5\x10\x00" + bytes(4096)  # a MessagePack bin


class HeldHost(HostCalls):
    """Carries out calls when it is let; calls of `explode` and `full` fail as an engine may."""

    def __init__(self, reply: bytes = b"\x01") -> None:
        self.go = asyncio.Event()
        self.reply = reply
        self.calls = 0

    async def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        self.calls += 1
        await self.go.wait()
        if call.key == "explode":
            raise OSError("disk full")
        if call.key == "full":
            raise StorageFault("no room is left in runtime.db")
        return self.reply


def call(op: str, call_id: int = 1, invocation_id: int = 1, **fields: Any) -> pb.RunnerEnvelope:
    name = f"HOST_OP_{op}"
    return pb.RunnerEnvelope(host_call=pb.HostCall(invocation_id=invocation_id, call_id=call_id, op=name, **fields))


async def ask(dialled: Dialled, op: str, **fields: Any) -> Any:
    """The decoded reply of one call."""
    await dialled.send(call(op, **fields))
    reply = dialled.last("host_reply")
    assert reply.call_id == 1
    assert not reply.HasField("failure"), reply.failure.message
    return decode(reply.payload)


async def refusal(dialled: Dialled, *envelopes: pb.RunnerEnvelope) -> pb.Failure:
    await dialled.send(*envelopes)
    failure: pb.Failure = dialled.last("host_reply").failure
    assert failure.message
    return failure


async def test_state() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        place = {"group": "g", "key": "k"}
        assert await ask(dialled, "STATE_GET", **place) is None
        assert await ask(dialled, "STATE_SET", **place, payload=encode({"n": 1})) is None
        assert await ask(dialled, "STATE_GET", **place) == {"n": 1}
        operations = encode([{"op": "increment", "path": "n"}])
        assert await ask(dialled, "STATE_UPDATE", **place, payload=operations) == {"n": 2}
        assert await ask(dialled, "STATE_GET_GROUP", group="g") == [{"n": 2}]
        assert await ask(dialled, "STATE_KEYS", group="g") == ["k"]
        assert await ask(dialled, "STATE_DELETE", **place) == {"n": 2}
        assert await ask(dialled, "STATE_CLEAR", group="g") is None
        assert await ask(dialled, "STATE_KEYS", group="g") == []


async def test_streams() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        place = {"target": "s", "group": "g", "key": "1"}
        assert await ask(dialled, "STREAM_GET", **place) is None
        assert (await ask(dialled, "STREAM_SET", **place, payload=encode({"a": 1})))["id"] == "1"
        operations = encode([{"op": "increment", "path": "a"}])
        assert (await ask(dialled, "STREAM_UPDATE", **place, payload=operations))["a"] == 2
        assert [item["a"] for item in await ask(dialled, "STREAM_GET_GROUP", target="s", group="g")] == [2]
        assert await ask(dialled, "STREAM_SEND", target="s", group="g", payload=encode({"type": "x"})) is None
        assert (await ask(dialled, "STREAM_DELETE", **place))["a"] == 2


async def test_emit_answers_with_the_id() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        assert len(await ask(dialled, "EMIT", target="t", payload=b"\x01", options=encode({"delay": 1}))) == 32


async def test_a_reply_bears_the_number_of_its_call() -> None:
    host = HeldHost()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        await dialled.send(call("STATE_GET", call_id=7), call("STATE_GET", call_id=9))
        assert dialled.all("host_reply") == []
        host.go.set()
        await settle()
        assert sorted(reply.call_id for reply in dialled.all("host_reply")) == [7, 9]


@pytest.mark.parametrize(
    ("op", "fields", "text"),
    [
        ("TEXT_WRITE", {}, "needs an id"),
        ("UNSPECIFIED", {}, "does not know host operation"),
        ("EMIT", {}, "topic"),
        ("EMIT", {"target": "t", "options": encode({"dely": 1})}, "'dely' is no option"),
        ("EMIT", {"target": "t", "options": encode([1])}, "options are a map"),
        ("STATE_SET", {"options": encode({"tll": 1})}, "'tll' is no option of set"),
        ("STATE_UPDATE", {"payload": encode(5)}, "a list of operations"),
        ("STATE_UPDATE", {"payload": b"\xc1"}, "MessagePack"),
        ("STREAM_GET", {"target": "x"}, "no stream 'x'"),
    ],
)
async def test_a_bad_call_is_refused_with_its_reason(op: str, fields: dict[str, Any], text: str) -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        failure = await refusal(dialled, call(op, **fields))
        assert (failure.kind, failure.retryable) == (pb.FAILURE_KIND_REFUSED, False)
        assert text in failure.message
        assert dialled.link.room > 0


async def test_an_operation_of_a_later_version_is_refused() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        future = pb.HostCall(invocation_id=1, call_id=1)
        future.MergeFromString(b"\x18\xe7\x07")
        failure = await refusal(dialled, pb.RunnerEnvelope(host_call=future))
        assert "999" in failure.message


async def test_a_call_of_an_invocation_that_has_ended_is_refused() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        _, id = await dialled.begun()
        await dialled.send(result=pb.Result(invocation_id=id))
        for foreign in (id, 999, 0):
            failure = await refusal(dialled, call("STATE_GET", invocation_id=foreign))
            assert (failure.kind, "has ended" in failure.message) == (pb.FAILURE_KIND_REFUSED, True)
        assert not dialled.serving.done()


async def test_too_many_unanswered_calls_are_overloaded() -> None:
    """runner.proto, FAILURE_KIND_OVERLOADED: there was no room: in-flight invocations, host calls, queued bytes."""
    host = HeldHost()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        await dialled.send(*(call("STATE_GET", call_id=1 + n) for n in range(MAX_HOST_CALLS)))
        failure = await refusal(dialled, call("STATE_GET", call_id=99))
        assert str(MAX_HOST_CALLS) in failure.message
        assert dialled.last("host_reply").call_id == 99
        assert host.calls == MAX_HOST_CALLS
        host.go.set()
        await settle()
        assert len(dialled.all("host_reply")) == MAX_HOST_CALLS + 1
        await dialled.send(call("STATE_GET", call_id=100))
        assert not dialled.last("host_reply").HasField("failure")
        assert pb.FailureKind.Name(failure.kind) == "FAILURE_KIND_OVERLOADED"


async def test_calls_whose_answers_wait_to_be_sent_are_unanswered() -> None:
    host = HeldHost(b"x" * MAX_PAYLOAD)
    host.go.set()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        dialled.reading.clear()
        for number in range(MAX_QUEUED // MAX_PAYLOAD + 30):
            await dialled.send(call("STATE_GET", call_id=1 + number))
        assert host.calls <= MAX_QUEUED // MAX_PAYLOAD + 2 + MAX_HOST_CALLS


async def test_the_invocations_bounds_are_their_own() -> None:
    host = HeldHost()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        await dialled.begun()
        for id in (1, 2):
            await dialled.send(
                *(call("STATE_GET", call_id=10 * id + n, invocation_id=id) for n in range(MAX_HOST_CALLS))
            )
        assert host.calls == 2 * MAX_HOST_CALLS
        assert dialled.all("host_reply") == []


async def test_an_engine_that_fails_is_a_failure_of_the_call_alone() -> None:
    host = HeldHost()
    host.go.set()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        failure = await refusal(dialled, call("STATE_GET", key="explode"))
        assert (failure.kind, "disk" in failure.message) == (pb.FAILURE_KIND_HANDLER, False)
        assert "disk full" in dialled.sink.messages(LogLevel.ERROR)[0]
        await dialled.send(call("STATE_GET", call_id=2))
        assert not dialled.last("host_reply").HasField("failure")


async def test_what_cannot_be_stored_is_said_to_the_handler_and_to_the_terminal() -> None:
    host = HeldHost()
    host.go.set()
    async with Dialled(host) as dialled:
        await dialled.open()
        await dialled.begun()
        failure = await refusal(dialled, call("STATE_SET", key="full"))
        assert (failure.kind, failure.retryable) == (pb.FAILURE_KIND_HANDLER, True)
        assert failure.message == "no room is left in runtime.db"
        assert "no room is left" in dialled.sink.messages(LogLevel.ERROR)[0]


async def test_large_values_go_both_ways_in_chunks() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.begun()
        stored = call("STATE_SET", group="g", key="k", payload_transfer=3)
        await dialled.send(*chunks(3, LARGE), stored)
        dialled.received.clear()
        await dialled.send(call("STATE_GET", group="g", key="k"))
        reply = dialled.last("host_reply")
        assert dialled.received[-1].WhichOneof("kind") == "host_reply"
        assert b"".join(c.data for c in dialled.all("chunk") if c.transfer == reply.payload_transfer) == LARGE
        assert max(len(c.data) for c in dialled.all("chunk")) <= CHUNK
        assert reply.payload == b""


async def test_a_reply_over_the_limit_is_refused_where_it_is_sent() -> None:
    """PROTOCOL.md, M32; a group can be larger than any of its values."""
    async with Dialled(host := HeldHost(b"x" * (MAX_PAYLOAD + 1))) as dialled:
        host.go.set()
        await dialled.open()
        await dialled.begun()
        await dialled.send(call("STATE_GET_GROUP"))
        assert dialled.all("chunk") == []
        assert str(MAX_PAYLOAD) in dialled.last("host_reply").failure.message


async def test_calls_are_answered_while_the_invocation_goes_on() -> None:
    async with Dialled(host_calls()) as dialled:
        await dialled.open()
        task, _ = await dialled.begun()
        assert await ask(dialled, "STATE_KEYS") == []
        assert not task.done()


# ------------------------------------------------------------ atomic steps


class Atomic:
    """Host calls onto a memory engine, where an atomic step runs because of the event `e1` of topic `t`."""

    def __init__(self) -> None:
        self.clock = clock = FakeClock()
        self.engine = MemoryEngine(clock, BusSettings())
        changes = ChangeService(clock)
        self.streams = StreamService(self.engine, changes, clock, 1000, unchecked())
        bus = BusService(self.engine.events, clock, BusSettings(), Reports(), unchecked())
        self.streams.catalog = bus.catalog = build_catalog(
            [
                Manifest(
                    "node",
                    (LoadedFile("steps/b.step.ts", {"type": "event", "subscribes": ["u"]}, has_handler=True),),
                    (LoadedFile("steps/s.stream.ts", {"name": "s", "baseConfig": {"storageType": "default"}}),),
                )
            ]
        )
        texts = TextService(self.engine.texts, clock, StreamSettings())
        self.host = HostCalls(
            bus, StateService(self.engine, changes, clock, 1000), self.streams, texts, lambda span, operation: None
        )

    def invocation(self) -> Invocation:
        return invocation()._replace(held=HeldWrites(self.engine, self.clock, lambda until: None, 100, 10_000))

    async def commit(self, run: Invocation) -> None:
        assert isinstance(run.held, HeldWrites)
        queue = QueueKey("t", "a")
        await self.engine.events.publish(Publication(Event("e1", "t", b"", "f" * 32), (Placement(queue),)))
        await run.held.commit(self.engine, await self.engine.events.take(queue))


async def test_the_writes_of_an_atomic_step_are_seen_by_it_alone_until_the_commit() -> None:
    atomic = Atomic()
    async with Dialled(atomic.host) as dialled:
        await dialled.open()
        run = atomic.invocation()
        await dialled.start(run)
        await dialled.begun()
        ids = [invoke.invocation_id for invoke in dialled.all("invoke")]
        place: dict[str, Any] = {"group": "g", "key": "k"}
        await dialled.send(call("STATE_SET", **place, invocation_id=ids[0], payload=encode(5)))
        await dialled.send(call("STREAM_SET", target="s", **place, invocation_id=ids[0], payload=encode({})))
        emitted = await ask(dialled, "EMIT", target="u", invocation_id=ids[0], payload=encode("data"))
        assert [await ask(dialled, "STATE_GET", **place, invocation_id=id) for id in ids] == [5, None]
        assert [await ask(dialled, "STATE_KEYS", group="g", invocation_id=id) for id in ids] == [["k"], []]
        items = [await ask(dialled, "STREAM_GET_GROUP", target="s", group="g", invocation_id=id) for id in ids]
        assert [len(found) for found in items] == [1, 0]
        assert list(atomic.engine.events.status()) == []
        await atomic.commit(run)
        assert await ask(dialled, "STATE_GET", **place, invocation_id=ids[1]) == 5
        assert len(await ask(dialled, "STREAM_GET_GROUP", target="s", group="g", invocation_id=ids[1])) == 1
        assert (await atomic.engine.events.take(QueueKey("u", "b"))).event.id == emitted


async def test_each_run_of_an_atomic_step_has_its_own_writes() -> None:
    atomic = Atomic()
    async with Dialled(atomic.host) as dialled:
        await dialled.open()
        runs = [atomic.invocation(), atomic.invocation()]
        for run in runs:
            await dialled.start(run)
        ids = [invoke.invocation_id for invoke in dialled.all("invoke")]
        operations = encode([{"op": "increment"}])
        place = {"group": "g", "key": "k", "payload": operations}
        assert [await ask(dialled, "STATE_UPDATE", **place, invocation_id=id) for id in ids * 2] == [1, 1, 2, 2]
        for run in runs:
            await atomic.commit(run)
        assert decode(await atomic.engine.state.get("g", "k") or b"") == 4


@pytest.mark.parametrize("op", ["STATE_GET", "STATE_SET", "STATE_CLEAR", "STREAM_SEND", "EMIT"])
async def test_calls_after_the_end_of_an_atomic_run_are_refused(op: str) -> None:
    atomic = Atomic()
    async with Dialled(atomic.host) as dialled:
        await dialled.open()
        run = atomic.invocation()
        await dialled.start(run)
        assert run.held is not None
        run.held.drop()
        failure = await refusal(dialled, call(op, target="s", group="g", key="k", payload=b"\x01"))
        assert (failure.kind, failure.retryable) == (pb.FAILURE_KIND_REFUSED, False)
        assert failure.message == "the run has ended; an atomic step's writes end with it"


async def test_what_cannot_hold_writes_carries_none_out() -> None:
    class Forgetful:
        def drop(self) -> None:
            raise AssertionError

    atomic = Atomic()
    async with Dialled(atomic.host) as dialled:
        await dialled.open()
        await dialled.start(invocation()._replace(held=Forgetful()))
        failure = await refusal(dialled, call("STATE_SET", group="g", key="k", payload=b"\x01"))
        assert failure.kind == pb.FAILURE_KIND_HANDLER
        assert "Forgetful" in dialled.sink.messages(LogLevel.ERROR)[0]
        assert list(await atomic.engine.state.keys("g")) == []
