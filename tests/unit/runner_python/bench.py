"""A runner without a core: an executor whose envelopes are read and answered by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.bodies import Bodies
from runtime_runner.execute import Executor
from runtime_runner.hostcalls import HostCalls
from runtime_runner.loader import Function, Step
from runtime_runner.logs import Logs
from runtime_runner.outbox import Outbox
from runtime_runner.prints import Prints
from runtime_runner.project import Project
from runtime_runner.values import decode, encode

Answer = Callable[[pb.HostCall], pb.HostReply | None]


class Bench:
    """Runs handlers; `answer` decides on each host call, None leaves it open."""

    def __init__(self, limits: pb.Limits) -> None:
        loop = asyncio.get_running_loop()
        self.outbox = Outbox()
        self.outbox.keep(limits)
        project = Project("/project")
        self.logs = Logs(self.outbox, loop, project)
        self.calls = HostCalls(self.outbox, limits, loop)
        self.bodies = Bodies(self.outbox, pb.Welcome(limits=limits, features=[pb.FEATURE_STREAMED_BODIES]))
        self.prints = Prints(self.logs)
        self.executor = Executor(self.outbox, self.calls, self.logs, self.prints, self.bodies, limits, project)
        self.answer: Answer = lambda call: pb.HostReply()
        self.envelopes: list[pb.RunnerEnvelope] = []
        self._results: dict[int, asyncio.Future[pb.Result]] = {}
        self._call_seen = asyncio.Event()
        self._written = asyncio.Event()
        self.line_seen = asyncio.Event()
        """Set when there is a log line."""

    def install(self, handler: Callable[..., Any], *middleware: Callable[..., Any]) -> None:
        """Makes this the only step."""
        functions = tuple(map(Function.of, middleware))
        self.executor.replace_steps({"x_step.py": Step("x_step.py", Function.of(handler), functions, ["flow"])})

    def start(self, payload: Any = None, id: int = 1, **fields: Any) -> asyncio.Future[pb.Result]:
        """Invokes the step; the future is its result. The trigger is an event unless the fields say otherwise."""
        future: asyncio.Future[pb.Result] = asyncio.get_running_loop().create_future()
        self._results[id] = future
        message = {"step_file": "x_step.py", "trigger": pb.TRIGGER_KIND_EVENT, "trace_id": "t", "attempt": 1, **fields}
        data = b"" if payload is None else encode(payload, "payload")
        self.executor.invoke(pb.Invoke(invocation_id=id, **message), data)
        return future

    async def run(self, handler: Callable[..., Any], payload: Any = None, **fields: Any) -> pb.Result:
        """Installs and invokes the handler and waits for its result."""
        self.install(handler)
        async with asyncio.timeout(10):
            return await self.start(payload, **fields)

    async def value(self, handler: Callable[..., Any], payload: Any = None, **fields: Any) -> Any:
        """What the handler returned."""
        result = await self.run(handler, payload, **fields)
        assert not result.HasField("failure"), result.failure
        return decode(result.payload)

    async def host_call(self) -> pb.HostCall:
        """Waits for the first host call."""
        await self._call_seen.wait()
        call: pb.HostCall = self.sent("host_call")[0]
        return call

    def sent(self, kind: str) -> list[Any]:
        """The messages of a kind so far, in order."""
        return [getattr(envelope, kind) for envelope in self.envelopes if envelope.WhichOneof("kind") == kind]

    async def write(self, data: bytes) -> None:
        """Takes a frame."""
        self._written.set()
        for envelope in pb.RunnerFrame.FromString(data).envelopes:
            self.envelopes.append(envelope)
            if envelope.HasField("result"):
                self._results.pop(envelope.result.invocation_id).set_result(envelope.result)
            elif envelope.HasField("log"):
                self.line_seen.set()
            elif envelope.HasField("host_call"):
                self._call_seen.set()
                self.reply(envelope.host_call)

    def body(self, transfer: int) -> bytes:
        """What was sent of a streamed body."""
        return b"".join(chunk.data for chunk in self.sent("chunk") if chunk.transfer == transfer)

    async def body_end(self, transfer: int) -> pb.Chunk:
        """Waits for the last piece of a streamed body, and makes room for all that come before."""
        async with asyncio.timeout(10):
            while not (found := [each for each in self.sent("chunk") if each.transfer == transfer and _is_end(each)]):
                self._written.clear()
                self.bodies.read(pb.BodyRead(transfer=transfer, bytes=len(self.body(transfer))))
                await self._written.wait()
        last: pb.Chunk = found[0]
        return last

    async def idle(self) -> None:
        """Lets the loop turn until nothing is done any more without a push."""
        for _ in range(50):
            await asyncio.sleep(0)

    def reply(self, call: pb.HostCall) -> None:
        """Answers a call as `answer` says."""
        reply = self.answer(call)
        if reply is not None:
            reply.call_id = call.call_id
            self.calls.answer(reply, reply.payload)


@asynccontextmanager
async def bench(**limits: int) -> AsyncIterator[Bench]:
    """A bench with a running outbox."""
    bounds = {"max_in_flight": 64, "max_payload_bytes": 1 << 20, "chunk_bytes": 64 << 10}
    bounds |= {"max_queued_bytes": 1 << 20, "max_host_calls": 64, "body_window_bytes": 1000, "max_bodies": 4}
    made = Bench(pb.Limits(**(bounds | limits)))
    running = asyncio.create_task(made.outbox.run(made.write))
    yield made
    made.outbox.close()
    await running


def _is_end(chunk: pb.Chunk) -> bool:
    return chunk.last or chunk.HasField("aborted")
