"""runners/link: what the core does on one connection."""

from __future__ import annotations

import asyncio
import gc

import anyio
import pytest

from runtime._gen import runner_pb2 as pb
from runtime.dispatcher import outcome_of
from runtime.model import FailureKind, LogLevel, Outcome, whole
from runtime.runners import conversation
from runtime.runners.outbox import Transfer
from runtime.values import decode, encode
from tests.fakes import settle
from tests.unit.runners.dialled import (
    CHUNK,
    FILES,
    HELLO,
    MANIFEST,
    MAX_HOST_CALLS,
    MAX_PAYLOAD,
    MAX_QUEUED,
    PATIENCE,
    Dialled,
    chunks,
    invocation,
    outcome,
)

LARGE = bytes(range(256)) * 20


async def kind_of(task: asyncio.Task[Outcome]) -> FailureKind | None:
    failure = (await outcome(task)).failure
    return failure.kind if failure else None


# ------------------------------------------------------------ opening


async def test_hello_is_answered_with_welcome_and_load() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO)
        assert [each.WhichOneof("kind") for each in dialled.received] == ["welcome", "load"]
        welcome, load = dialled.last("welcome"), dialled.last("load")
        assert (welcome.protocol, welcome.session, list(welcome.features)) == (1, dialled.link.session, [])
        limits = welcome.limits
        assert (limits.max_in_flight, limits.max_payload_bytes, limits.chunk_bytes) == (4, MAX_PAYLOAD, CHUNK)
        assert (limits.max_queued_bytes, limits.max_host_calls) == (MAX_QUEUED, MAX_HOST_CALLS)
        assert list(load.step_files) == ["steps/a.step.ts"]
        assert list(load.stream_files) == ["steps/s.stream.ts"]


async def test_a_spare_is_told_what_to_load_when_it_is_known() -> None:
    async with Dialled(is_told=False) as dialled:
        await dialled.send(hello=HELLO)
        assert [each.WhichOneof("kind") for each in dialled.received] == ["welcome"]
        assert dialled.link.is_welcomed
        dialled.link.load(FILES)
        await settle()
        assert list(dialled.last("load").step_files) == ["steps/a.step.ts"]
        await dialled.send(manifest=MANIFEST)
        assert dialled.link.is_live


async def test_a_spare_that_says_what_it_has_loaded_breaks_the_protocol() -> None:
    async with Dialled(is_told=False) as dialled:
        await dialled.send(hello=HELLO)
        await dialled.send(manifest=MANIFEST)
        assert "no load asks for one" in dialled.last("bye").message
        assert not dialled.link.is_live


async def test_a_spare_that_is_drained_is_not_told_to_load() -> None:
    async with Dialled(is_told=False) as dialled:
        await dialled.send(hello=HELLO)
        dialled.link.drain(1.0)
        await settle()
        assert [each.WhichOneof("kind") for each in dialled.received] == ["welcome", "drain"]


async def test_the_core_says_nothing_before_hello() -> None:
    async with Dialled() as dialled:
        await settle()
        assert dialled.received == []


async def test_there_is_room_once_the_manifest_has_come() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO)
        assert dialled.link.room == 0
        assert not dialled.link.loaded.done()
        await dialled.send(manifest=MANIFEST)
        assert dialled.link.room > 0
        assert [entry.file for entry in dialled.link.loaded.result().steps] == ["steps/a.step.ts"]


@pytest.mark.parametrize(("oldest", "newest"), [(2, 3), (0, 0)])
async def test_no_version_in_common(oldest: int, newest: int) -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=pb.Hello(min_protocol=oldest, max_protocol=newest))
        [envelope] = dialled.received
        assert envelope.bye.reason == pb.BYE_REASON_PROTOCOL_VERSION
        assert f"{oldest} to {newest}" in envelope.bye.message
        assert f"{oldest} to {newest}" in dialled.sink.messages(LogLevel.ERROR)[0]
        assert dialled.link.room == 0


@pytest.mark.parametrize(("oldest", "newest"), [(1, 1), (1, 9), (0, 1)])
async def test_the_version_in_common_is_taken(oldest: int, newest: int) -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=pb.Hello(min_protocol=oldest, max_protocol=newest))
        assert dialled.last("welcome").protocol == 1


async def test_a_stream_that_ends_while_loading_has_not_loaded() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO)
        await dialled.end()
        assert dialled.link.loaded.cancelled()


# ------------------------------------------------------------ invocations


async def test_an_invocation_and_its_result() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        invoke = dialled.last("invoke")
        assert id != 0
        assert (invoke.step_file, invoke.step_name, invoke.payload) == ("steps/a.step.ts", "a", b"\x01")
        assert (invoke.trigger, invoke.trace_id, invoke.attempt) == (pb.TRIGGER_KIND_EVENT, "f" * 32, 1)
        assert (invoke.deadline_ms, invoke.trigger_source, invoke.idempotency_key) == (30_000, "t", "e1")
        assert len(invoke.span_id) == 16
        assert dialled.link.in_flight == 1
        await dialled.send(result=pb.Result(invocation_id=id, payload=b"\x02"))
        assert await outcome(task) == Outcome(b"\x02")
        assert (dialled.link.in_flight, dialled.rooms) == (0, 1)


async def test_results_find_their_invocations_in_any_order() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        begun = [await dialled.begun() for _ in range(4)]
        assert len({id for _, id in begun}) == 4
        assert dialled.link.room == 0
        for _, id in reversed(begun):
            await dialled.send(result=pb.Result(invocation_id=id, payload=encode(id)))
        assert [decode(whole((await outcome(task)).payload)) for task, _ in begun] == [id for _, id in begun]
        assert dialled.link.room > 0


async def test_a_failure_arrives_whole() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        cause = pb.Failure(kind=pb.FAILURE_KIND_HANDLER, message="why")
        failure = pb.Failure(kind=pb.FAILURE_KIND_HANDLER, type="E", message="boom", stack="at a", cause=cause)
        await dialled.send(result=pb.Result(invocation_id=id, failure=failure))
        read = (await outcome(task)).failure
        assert read is not None
        assert (read.kind, read.type, read.message, read.stack) == (FailureKind.HANDLER, "E", "boom", "at a")
        assert read.cause is not None
        assert read.cause.message == "why"


async def test_a_deadline_ends_the_wait_and_keeps_the_place_until_the_result() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task = await dialled.start(invocation(timeout=0.01))
        failure = (await outcome(task)).failure
        assert failure is not None
        assert (failure.kind, "0.01 s" in failure.message) == (FailureKind.DEADLINE, True)
        await settle()
        cancel = dialled.last("cancel")
        assert (cancel.reason, cancel.grace_ms) == (pb.CANCEL_REASON_DEADLINE, 500)
        assert cancel.invocation_id == dialled.last("invoke").invocation_id
        assert dialled.link.in_flight == 1
        await dialled.send(result=pb.Result(invocation_id=cancel.invocation_id))
        assert dialled.link.in_flight == 0
        assert not dialled.serving.done()


async def test_a_caller_that_leaves_cancels_and_keeps_the_place_until_the_result() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        task.cancel()
        await settle()
        assert task.cancelled()
        [cancel] = dialled.all("cancel")
        assert (cancel.invocation_id, cancel.reason) == (id, pb.CANCEL_REASON_CLIENT_GONE)
        assert dialled.link.in_flight == 1
        await dialled.send(result=pb.Result(invocation_id=id))
        assert (dialled.link.in_flight, dialled.rooms) == (0, 1)
        assert not dialled.serving.done()


async def test_a_result_that_came_leaves_nothing_to_cancel() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task = await dialled.start(invocation(timeout=0.05))
        await dialled.send(result=pb.Result(invocation_id=dialled.last("invoke").invocation_id))
        assert (await outcome(task)).failure is None
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, passed.set)
        await passed.wait()
        assert dialled.all("cancel") == []


async def test_a_runner_that_is_lost_ends_every_invocation() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        tasks = [await dialled.start() for _ in range(3)]
        await dialled.end()
        assert [await kind_of(task) for task in tasks] == [FailureKind.RUNNER_LOST] * 3
        assert dialled.link.room == 0
        assert dialled.link.in_flight == 0
        dialled.link.lose()


async def test_a_runner_that_is_lost_ends_an_invocation_that_waits_to_be_sent() -> None:
    async with Dialled(max_in_flight=50) as dialled:
        await dialled.open()
        dialled.reading.clear()
        tasks = [await dialled.start(invocation(b"x" * MAX_PAYLOAD)) for _ in range(MAX_QUEUED // MAX_PAYLOAD + 4)]
        await dialled.end()
        assert {await kind_of(task) for task in tasks} == {FailureKind.RUNNER_LOST}


async def test_an_invocation_that_leaves_before_it_was_sent_gives_its_place_back() -> None:
    async with Dialled(max_in_flight=50) as dialled:
        await dialled.open()
        dialled.reading.clear()
        tasks = [await dialled.start(invocation(b"x" * MAX_PAYLOAD)) for _ in range(MAX_QUEUED // MAX_PAYLOAD + 4)]
        in_flight = dialled.link.in_flight
        tasks[-1].cancel()
        await settle()
        assert dialled.link.in_flight == in_flight - 1
        assert dialled.rooms == 1, "who waits for room must hear of it"


async def test_a_deadline_counts_while_the_invocation_waits_to_be_sent() -> None:
    async with Dialled(max_in_flight=50) as dialled:
        await dialled.open()
        dialled.reading.clear()
        for _ in range(MAX_QUEUED // MAX_PAYLOAD + 4):
            await dialled.start(invocation(b"x" * MAX_PAYLOAD))
        assert await kind_of(await dialled.start(invocation(timeout=0.01))) is FailureKind.DEADLINE


async def test_a_write_that_fails_is_a_lost_runner() -> None:
    async with Dialled() as dialled:
        await dialled.open()

        async def broken() -> bool:
            raise ConnectionError("gone")

        dialled.reading.wait = broken  # type: ignore[method-assign, assignment]
        task = asyncio.ensure_future(outcome_of(dialled.link, invocation()))
        assert await kind_of(task) is FailureKind.RUNNER_LOST


# ------------------------------------------------------------ large payloads


async def test_a_large_payload_goes_out_in_chunks_before_its_invoke() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.start(invocation(LARGE))
        kinds = [each.WhichOneof("kind") for each in dialled.received]
        assert kinds == ["chunk"] * 5 + ["invoke"]
        sent = dialled.all("chunk")
        assert b"".join(chunk.data for chunk in sent) == LARGE
        assert max(len(chunk.data) for chunk in sent) <= CHUNK
        assert [chunk.last for chunk in sent] == [False] * 4 + [True]
        invoke = dialled.last("invoke")
        assert {chunk.transfer for chunk in sent} == {invoke.payload_transfer} != {0}
        assert invoke.payload == b""


async def test_a_payload_of_just_the_chunk_s_size_stands_in_the_invoke() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.start(invocation(b"x" * CHUNK))
        assert [each.WhichOneof("kind") for each in dialled.received] == ["invoke"]


async def test_a_large_result_is_put_together() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        await dialled.send(*chunks(7, LARGE)[:2])
        await dialled.send(*chunks(7, LARGE)[2:], result=pb.Result(invocation_id=id, payload_transfer=7))
        assert whole((await outcome(task)).payload) == LARGE


async def test_an_invocation_that_is_cancelled_while_its_payload_is_sent_never_begins() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        dialled.reading.clear()
        task = await dialled.start(invocation(LARGE))
        task.cancel()
        await settle()
        assert dialled.link.in_flight == 0
        dialled.reading.set()
        await settle()
        assert "invoke" not in [each.WhichOneof("kind") for each in dialled.received]
        assert all(chunk.HasField("aborted") for chunk in [each.chunk for each in dialled.received][-1:])


async def test_a_payload_over_the_limit_is_refused_where_it_is_sent() -> None:
    """PROTOCOL.md, M32: with an error that says the size and the limit."""
    async with Dialled() as dialled:
        await dialled.open()
        task = await dialled.start(invocation(b"x" * (MAX_PAYLOAD + 1)))
        assert dialled.received == []
        failure = (await outcome(task)).failure
        assert failure is not None
        assert str(MAX_PAYLOAD) in failure.message
        assert dialled.link.in_flight == 0


# ------------------------------------------------------------ living and ending


async def test_a_log_line_is_under_its_step_and_trace() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        _, id = await dialled.begun()
        log = pb.Log(invocation_id=id, level=pb.LOG_LEVEL_WARN, message="m", data=b"\x01", time_ms=1500)
        await dialled.send(log=log)
        await dialled.send(log=pb.Log(level=pb.LOG_LEVEL_INFO, message="own"))
        theirs, own = dialled.sink.records
        assert (theirs.source, theirs.trace_id, theirs.level) == ("a", "f" * 32, LogLevel.WARN)
        assert (theirs.message, theirs.data, theirs.time) == ("m", b"\x01", 1.5)
        assert (own.message, own.trace_id, "node" in own.source) == ("own", "", True)


async def test_drain_takes_no_more_and_lets_the_rest_end() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        dialled.link.drain(2.5)
        await settle()
        assert dialled.last("drain").grace_ms == 2500
        assert dialled.link.room == 0
        bye = pb.RunnerEnvelope(bye=pb.Bye(reason=pb.BYE_REASON_DRAINED))
        await dialled.send(pb.RunnerEnvelope(result=pb.Result(invocation_id=id)), bye)
        assert (await outcome(task)).failure is None
        await dialled.end()
        assert dialled.sink.records == []


async def test_a_bye_that_was_not_asked_for_is_said() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.send(bye=pb.Bye(reason=pb.BYE_REASON_PROTOCOL_ERROR, message="I give up"))
        assert "I give up" in dialled.sink.messages(LogLevel.WARN)[0]
        assert dialled.link.room == 0


async def test_a_drain_before_hello_does_not_come_before_welcome() -> None:
    async with Dialled() as dialled:
        dialled.link.drain(1)
        await settle()
        await dialled.send(hello=HELLO)
        assert dialled.received[0].WhichOneof("kind") == "welcome"


async def test_a_drain_while_loading_takes_no_invocation_afterwards() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO)
        dialled.link.drain(1)
        await dialled.send(manifest=MANIFEST)
        assert dialled.link.room == 0


async def test_an_unknown_envelope_is_ignored_and_logged_once() -> None:
    """runner.proto, `RunnerEnvelope`."""
    async with Dialled() as dialled:
        await dialled.open()
        unknown = pb.RunnerEnvelope.FromString(b"\xfa\x06\x01x")
        assert unknown.WhichOneof("kind") is None
        await dialled.send(unknown, unknown)
        await dialled.send(pb.RunnerEnvelope(), unknown)
        assert dialled.link.room > 0
        assert len(dialled.sink.records) == 1


async def test_an_empty_frame_means_nothing() -> None:
    async with Dialled() as dialled:
        await dialled.send()
        await dialled.open()
        assert dialled.link.room > 0


# ------------------------------------------------------------ faults

HELLO_ENVELOPE = pb.RunnerEnvelope(hello=HELLO)
FAULTS = {
    "result for an unknown invocation": pb.RunnerEnvelope(result=pb.Result(invocation_id=999)),
    "result for invocation 0": pb.RunnerEnvelope(result=pb.Result()),
    "second manifest": pb.RunnerEnvelope(manifest=MANIFEST),
    "second hello": HELLO_ENVELOPE,
    "reply to no call": pb.RunnerEnvelope(call_reply=pb.CallReply(call_id=1)),
    "pong to no ping": pb.RunnerEnvelope(pong=pb.Pong(nonce=1)),
    "transfer that never came": pb.RunnerEnvelope(result=pb.Result(invocation_id=1, payload_transfer=5)),
    "host call whose payload never came": pb.RunnerEnvelope(
        host_call=pb.HostCall(invocation_id=1, call_id=1, op=pb.HOST_OP_STATE_SET, payload_transfer=5)
    ),
}


async def assert_closed(dialled: Dialled) -> None:
    """The link has said why it ends, and has ended."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([dialled.serving])
    assert dialled.serving.exception() is None
    assert dialled.last("bye").reason == pb.BYE_REASON_PROTOCOL_ERROR
    assert dialled.last("bye").message
    assert len(dialled.sink.messages(LogLevel.ERROR)) == 1
    assert "broke the protocol" in dialled.sink.messages(LogLevel.ERROR)[0]
    assert dialled.link.room == 0


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_protocol_fault_closes_the_link_and_harms_no_other(fault: str) -> None:
    async with Dialled() as dialled, Dialled() as other:
        await dialled.open()
        await other.open()
        task, other_task = await dialled.start(), await other.start()
        await dialled.send(FAULTS[fault])
        try:
            async with asyncio.timeout(1):
                await asyncio.wait([dialled.serving])
        except TimeoutError:
            pytest.fail("the link went on")
        await assert_closed(dialled)
        assert await kind_of(task) is FailureKind.RUNNER_LOST
        assert dialled.most_writers == 1
        await other.send(result=pb.Result(invocation_id=other.last("invoke").invocation_id))
        assert await kind_of(other_task) is None


@pytest.mark.parametrize(
    "envelope",
    [
        pb.RunnerEnvelope(manifest=MANIFEST),
        pb.RunnerEnvelope(log=pb.Log(message="m")),
        pb.RunnerEnvelope(result=pb.Result(invocation_id=1)),
        pb.RunnerEnvelope(chunk=pb.Chunk(transfer=1)),
        pb.RunnerEnvelope(bye=pb.Bye()),
    ],
)
async def test_an_envelope_before_hello_closes_the_link(envelope: pb.RunnerEnvelope) -> None:
    async with Dialled() as dialled:
        await dialled.send(envelope, HELLO_ENVELOPE)
        await assert_closed(dialled)
        assert dialled.link.loaded.cancelled()


async def test_a_transfer_over_the_limit_closes_the_link() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, _ = await dialled.begun()
        await dialled.send(*chunks(1, b"x" * (MAX_PAYLOAD + 1), size=MAX_PAYLOAD))
        await assert_closed(dialled)
        assert str(MAX_PAYLOAD) in dialled.last("bye").message
        assert await kind_of(task) is FailureKind.RUNNER_LOST


async def test_too_many_open_transfers_close_the_link() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        await dialled.send(*(pb.RunnerEnvelope(chunk=pb.Chunk(transfer=1 + n, data=b"x")) for n in range(20_000)))
        await assert_closed(dialled)


async def test_a_second_result_closes_the_link() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        task, id = await dialled.begun()
        await dialled.send(result=pb.Result(invocation_id=id, payload=b"\x01"))
        await dialled.send(result=pb.Result(invocation_id=id, payload=b"\x02"))
        await assert_closed(dialled)
        assert (await outcome(task)).payload == b"\x01"


async def test_a_protocol_fault_of_a_runner_that_does_not_read_ends_its_invocations() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        dialled.reading.clear()
        tasks = [await dialled.start(), await dialled.start()]
        await dialled.send(manifest=MANIFEST)
        assert [await kind_of(task) for task in tasks] == [FailureKind.RUNNER_LOST] * 2


async def test_goodbye_is_not_written_beside_another_write() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        dialled.reading.clear()
        await dialled.start()
        await dialled.send(manifest=MANIFEST)
        dialled.reading.set()
        await settle()
        assert dialled.most_writers == 1


async def test_a_manifest_that_cannot_be_read_is_a_problem_of_its_file() -> None:
    async with Dialled() as dialled:
        await dialled.send(hello=HELLO)
        entries = [pb.StepEntry(file="a", config=b"\x81\x90\x01"), pb.StepEntry(file="b", config=b"\x80")]
        await dialled.send(manifest=pb.Manifest(steps=entries))
        assert not dialled.serving.done()
        manifest = dialled.link.loaded.result()
        assert [problem.file for problem in manifest.problems] == ["a"]
        assert [entry.file for entry in manifest.steps] == ["b"]


async def test_a_result_that_crossed_the_end_of_its_process_is_no_fault() -> None:
    """The process's end and its last frames reach the core on different ways."""
    async with Dialled() as dialled:
        await dialled.open()
        _, id = await dialled.begun()
        dialled.link.lose()
        await dialled.send(result=pb.Result(invocation_id=id))
        assert dialled.sink.messages(LogLevel.ERROR) == []


async def test_a_large_payload_is_let_go_without_the_garbage_collector() -> None:
    gc.collect()
    before = {id(thing) for thing in transfers_alive()}
    gc.disable()
    try:
        async with Dialled() as dialled:
            await dialled.open()
            task = await dialled.start(invocation(LARGE))
            await dialled.send(result=pb.Result(invocation_id=dialled.last("invoke").invocation_id))
            await outcome(task)
            del task
            assert not [thing for thing in transfers_alive() if id(thing) not in before]
    finally:
        gc.enable()


def transfers_alive() -> list[Transfer]:
    return [thing for thing in gc.get_objects() if isinstance(thing, Transfer)]


# ------------------------------------------------------------ breaking


async def test_a_connection_that_breaks_while_it_is_written_ends_like_any_other() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        answered, id = await dialled.begun()
        dialled.reading.clear()
        lost = await dialled.start(invocation(LARGE))
        dialled.broken = anyio.BrokenResourceError()
        dialled.reading.set()
        await dialled.send(result=pb.Result(invocation_id=id))
        assert await kind_of(answered) is None
        await dialled.end()
        assert await kind_of(lost) is FailureKind.RUNNER_LOST
        assert dialled.serving.exception() is None
        assert dialled.link.closed.is_set()
        assert dialled.sink.messages(LogLevel.ERROR) == []


async def test_a_broken_connection_ends_also_where_nothing_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_LAST_FRAMES_SECONDS", 0.0)
    async with Dialled() as dialled:
        await dialled.open()
        dialled.broken = anyio.BrokenResourceError()
        assert await kind_of(await dialled.start()) is FailureKind.RUNNER_LOST
        await asyncio.wait([dialled.serving], timeout=PATIENCE)
        assert dialled.link.closed.is_set()


async def test_a_fault_of_our_own_ends_the_connection_and_is_told_with_its_stack() -> None:
    async with Dialled() as dialled:
        await dialled.open()
        dialled.broken = ZeroDivisionError("ours")
        assert await kind_of(await dialled.start()) is FailureKind.RUNNER_LOST
        await asyncio.wait([dialled.serving], timeout=PATIENCE)
        assert dialled.serving.exception() is None
        (told,) = dialled.sink.messages(LogLevel.ERROR)
        assert "ZeroDivisionError: ours" in told
