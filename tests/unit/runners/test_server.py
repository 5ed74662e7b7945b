"""runners/server: its end, and that of its connections."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import grpc
import pytest

from runtime._gen import runner_pb2 as pb
from runtime._gen import runner_pb2_grpc
from runtime.config import LinkSettings
from runtime.dispatcher import outcome_of
from runtime.model import FailureKind
from runtime.runners.server import SECRET_KEY, RunnerServer
from tests.unit.runners.dialled import HELLO, MANIFEST, PATIENCE, Dialled, invocation, outcome

ROOMY = LinkSettings.model_validate({"maxPayloadBytes": 32 << 20})


@pytest.mark.parametrize("is_stopping", [True, False])
async def test_a_server_that_is_cancelled_ends_as_it_would(tmp_path: Path, *, is_stopping: bool) -> None:
    server = RunnerServer(tmp_path)
    with anyio.CancelScope() as everything:
        async with server.open():
            if is_stopping:
                asyncio.get_running_loop().call_soon(everything.cancel)
            else:
                everything.cancel()
                await anyio.sleep_forever()
    assert everything.cancel_called


async def test_a_runner_that_is_gone_in_the_middle_of_a_transfer_leaves_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    server, link = RunnerServer(tmp_path), Dialled(settings=ROOMY).link
    async with server.open(), grpc.aio.insecure_channel(server.address) as channel:
        stream = runner_pb2_grpc.RunnerLinkStub(channel).Connect(metadata=[(SECRET_KEY, server.expect(link))])
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
