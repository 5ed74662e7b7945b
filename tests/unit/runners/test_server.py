"""runners/server: its end, and that of its connections."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from pathlib import Path
from typing import Any

import anyio
import grpc
import pytest
from hpack import Encoder

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.dispatcher import outcome_of
from runtime.model import FailureKind, whole
from runtime.runners.http2.frames import PREFACE, Flag, Kind, Setting, frame, settings, window_update
from runtime.runners.http2.windows import MAX_WINDOW_BYTES
from runtime.runners.server import CONNECT, SECRET_KEY, RunnerServer
from tests._gen import runner_pb2_grpc
from tests.fakes import settle
from tests.unit.runners.dialled import HELLO, MANIFEST, PATIENCE, Dialled, chunks, invocation, outcome
from tests.unit.runners.http2.peer import data, message

ROOMY = LinkSettings.model_validate({"maxPayloadBytes": 32 << 20})


def connect(channel: grpc.aio.Channel, secret: str | None) -> Any:
    """A stream of gRPC's, whose types do not say what it gives."""
    metadata = [] if secret is None else [(SECRET_KEY, secret)]
    return runner_pb2_grpc.RunnerLinkStub(channel).Connect(metadata=metadata)


@pytest.mark.parametrize("is_stopping", [True, False])
async def test_a_server_that_is_cancelled_ends_as_it_would(tmp_path: Path, *, is_stopping: bool) -> None:
    server, link = RunnerServer(tmp_path), Dialled().link
    async with grpc.aio.insecure_channel(f"unix:{tmp_path / str(os.getpid())}.sock") as channel:
        with anyio.CancelScope() as everything:
            async with server.open():
                stream = connect(channel, server.expect(link))
                await stream.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(hello=HELLO)]))
                await link.greeted.wait()
                if is_stopping:
                    asyncio.get_running_loop().call_soon(everything.cancel)
                else:
                    everything.cancel()
                    await anyio.sleep_forever()
        assert everything.cancel_called
        assert link.closed.is_set()
        with pytest.raises(grpc.aio.AioRpcError):
            while await stream.read() is not grpc.aio.EOF:
                continue


async def test_a_runner_that_is_gone_in_the_middle_of_a_transfer_leaves_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    server, link = RunnerServer(tmp_path), Dialled(settings=ROOMY).link
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        stream = connect(channel, server.expect(link))
        for envelope in (pb.RunnerEnvelope(hello=HELLO), pb.RunnerEnvelope(manifest=MANIFEST)):
            await stream.write(pb.RunnerFrame(envelopes=[envelope]))
        await asyncio.wait([link.loaded], timeout=PATIENCE)
        run = asyncio.ensure_future(outcome_of(link, invocation(bytes(ROOMY.max_payload_bytes))))
        while (await stream.read()).envelopes[0].WhichOneof("kind") != "chunk":
            continue
        stream.cancel()
        failure = (await outcome(run)).failure
        assert failure is not None
        assert failure.kind is FailureKind.RUNNER_LOST
        await link.closed.wait()
    assert caplog.records == []
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("secret", [None, "", "wrong", "ß".encode().hex()])
async def test_only_who_knows_a_secret_is_served(tmp_path: Path, secret: str | None) -> None:
    server = RunnerServer(tmp_path)
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        server.expect(Dialled().link)
        stream = connect(channel, secret)
        assert await stream.code() is grpc.StatusCode.UNAUTHENTICATED
        assert await stream.details() == "'runtime-secret' is missing, wrong or was used before"


async def test_a_secret_serves_once_and_not_when_it_was_withdrawn(tmp_path: Path) -> None:
    server, link = RunnerServer(tmp_path), Dialled().link
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        used, withdrawn = server.expect(link), server.expect(Dialled().link)
        server.forget(withdrawn)
        first = connect(channel, used)
        await first.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(hello=HELLO)]))
        assert (await first.read()).envelopes[0].WhichOneof("kind") == "welcome"
        for secret in (used, withdrawn):
            assert await connect(channel, secret).code() is grpc.StatusCode.UNAUTHENTICATED
        await first.done_writing()
        assert await first.code() is grpc.StatusCode.OK


async def test_there_is_no_other_method(tmp_path: Path) -> None:
    server = RunnerServer(tmp_path)
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        method: Any = channel.unary_unary("/runtime.runner.v1.RunnerLink/Other")
        assert await method(b"", metadata=[(SECRET_KEY, "x")]).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_channel_may_call_again(tmp_path: Path) -> None:
    server = RunnerServer(tmp_path)
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        for _ in range(10):
            link = Dialled().link
            stream = connect(channel, server.expect(link))
            await stream.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(hello=HELLO)]))
            assert (await stream.read()).envelopes[0].WhichOneof("kind") == "welcome"
            await stream.done_writing()
            assert await stream.code() is grpc.StatusCode.OK
            assert link.closed.is_set()


@pytest.mark.parametrize("way", ["wrong bytes", "compressed"])
async def test_what_cannot_be_read_ends_the_connection_with_one_line(tmp_path: Path, way: str) -> None:
    server, dialled = RunnerServer(tmp_path), Dialled()
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        compression = grpc.Compression.Gzip if way == "compressed" else None
        open_stream: Any = channel.stream_stream(CONNECT)
        stream = open_stream(metadata=[(SECRET_KEY, server.expect(dialled.link))], compression=compression)
        await stream.write(b"\xff" * 4096)
        await dialled.link.closed.wait()
        stream.cancel()
    (line,) = dialled.sink.records
    assert line.message.startswith("the node runner broke the protocol: ")
    assert ("compressed" in line.message) is (way == "compressed")


async def invoked(stream: Any) -> tuple[bytes, int]:
    """The chunks that come before the next `Invoke`, and its id."""
    came = bytearray()
    while True:
        for envelope in (await stream.read()).envelopes:
            came += envelope.chunk.data
            if envelope.HasField("invoke"):
                return bytes(came), envelope.invoke.invocation_id


async def test_transfers_go_there_and_back_past_every_window(tmp_path: Path) -> None:
    """A frame of 1 MiB is four times what may stand unread."""
    server, dialled = RunnerServer(tmp_path), Dialled(settings=ROOMY)
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        stream = connect(channel, server.expect(dialled.link))
        for envelope in (pb.RunnerEnvelope(hello=HELLO), pb.RunnerEnvelope(manifest=MANIFEST)):
            await stream.write(pb.RunnerFrame(envelopes=[envelope]))
        await asyncio.wait([dialled.link.loaded], timeout=PATIENCE)
        payload = random.Random(1).randbytes(4 << 20)
        run = asyncio.ensure_future(outcome_of(dialled.link, invocation(payload)))
        came, id = await invoked(stream)
        assert came == payload
        for piece in chunks(1, payload, 1 << 20):
            await stream.write(pb.RunnerFrame(envelopes=[piece]))
        result = pb.Result(invocation_id=id, payload_transfer=1)
        await stream.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(result=result)]))
        assert whole((await outcome(run)).payload) == payload
        stream.cancel()
        await dialled.link.closed.wait()


async def test_garbage_on_the_socket_harms_nobody_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server, link = RunnerServer(tmp_path), Dialled().link
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        stream = connect(channel, server.expect(link))
        await stream.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(hello=HELLO)]))
        await stream.read()
        chance = random.Random(2)
        for beginning in [b"", PREFACE, PREFACE + settings({})] * 10:
            reader, writer = await asyncio.open_unix_connection(server.address.removeprefix("unix:"))
            writer.write(beginning + chance.randbytes(chance.randrange(2000)))
            writer.write_eof()
            await reader.read()
            writer.close()
        await stream.write(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(manifest=MANIFEST)]))
        await asyncio.wait([link.loaded], timeout=PATIENCE)
        assert link.loaded.done()
    assert caplog.records == []


async def test_a_runner_that_reads_nothing_fills_no_memory_and_holds_up_no_stop(tmp_path: Path) -> None:
    server, dialled = RunnerServer(tmp_path), Dialled(settings=ROOMY)
    greeting = [pb.RunnerEnvelope(hello=HELLO), pb.RunnerEnvelope(manifest=MANIFEST)]
    with socket.socket(socket.AF_UNIX) as runner:
        async with server.open():
            headers = [(":method", "POST"), (":path", CONNECT), (SECRET_KEY, server.expect(dialled.link))]
            runner.connect(server.address.removeprefix("unix:"))
            runner.sendall(
                PREFACE
                + settings({Setting.INITIAL_WINDOW_SIZE: MAX_WINDOW_BYTES})
                + window_update(0, 1 << 30)
                + frame(Kind.HEADERS, Flag.END_HEADERS, 1, Encoder().encode(headers))
                + data(1, message(pb.RunnerFrame(envelopes=greeting).SerializeToString()))
            )
            await asyncio.wait([dialled.link.loaded], timeout=PATIENCE)
            run = asyncio.ensure_future(outcome_of(dialled.link, invocation(bytes(ROOMY.max_payload_bytes))))
            await settle()
            left = dialled.link._outbox._queued_bytes
            assert ROOMY.max_payload_bytes - (1 << 20) < left < ROOMY.max_payload_bytes
        failure = (await outcome(run)).failure
    assert failure is not None
    assert failure.kind is FailureKind.RUNNER_LOST
