"""The connection to the core: greets, hands each envelope to its owner, leaves."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import time
from collections.abc import Callable, Coroutine
from typing import Any

import grpc.aio

import runtime_runner
from runtime_runner import failure, loader
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.execute import Executor
from runtime_runner.hostcalls import HostCalls
from runtime_runner.logs import Logs
from runtime_runner.modules import Modules, Project
from runtime_runner.outbox import Outbox

MIN_PROTOCOL = 1
MAX_PROTOCOL = 1
MAX_MESSAGE_BYTES = 8 << 20
CLOSE_SECONDS = 0.5
"""What the core gets to end the stream after our `Bye`."""

CONNECT = "/runtime.runner.v1.RunnerLink/Connect"
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.enable_http_proxy", 0),
)


class LinkError(Exception):
    """The connection cannot be opened or kept; the message is for the person at the terminal."""


class ProtocolError(LinkError):
    """The core sent what the protocol does not allow."""


class Transfers:
    """Payloads that arrive in pieces, each at most `max_payload_bytes` long."""

    def __init__(self, max_payload_bytes: int) -> None:
        self._max_payload_bytes = max_payload_bytes
        self._pieces: dict[int, list[bytes]] = {}
        self._sizes: dict[int, int] = {}

    def add(self, chunk: pb.Chunk) -> None:
        """Takes a piece. Raises ProtocolError when the payload grows too long."""
        if chunk.HasField("aborted"):
            self._pieces.pop(chunk.transfer, None)
            self._sizes.pop(chunk.transfer, None)
            return
        self._pieces.setdefault(chunk.transfer, []).append(chunk.data)
        size = self._sizes.get(chunk.transfer, 0) + len(chunk.data)
        if size > self._max_payload_bytes:
            raise ProtocolError(f"Transfer {chunk.transfer} is longer than {self._max_payload_bytes} bytes.")
        self._sizes[chunk.transfer] = size

    def payload_of(self, message: pb.Invoke | pb.HostReply) -> bytes:
        """The payload of a message, wherever it stands. Raises ProtocolError for an unknown transfer."""
        if not message.payload_transfer:
            return message.payload
        pieces = self._pieces.pop(message.payload_transfer, None)
        if pieces is None:
            raise ProtocolError(f"Transfer {message.payload_transfer} is not known.")
        del self._sizes[message.payload_transfer]
        return b"".join(pieces)


class Link:
    """One connection from `Hello` to `Bye`."""

    def __init__(self, stream: Any, project: Project) -> None:
        self._stream = stream
        self._project = project
        self._outbox = Outbox()
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._session: Session | None = None

    async def run(self) -> int:
        """Greets and serves until the stream ends; the exit code is 0 only after a `Drain`.

        Raises LinkError when the core does not welcome this process.
        """
        self._outbox.put(_hello())
        self._writing = self.own(self._outbox.run(self._stream.write))
        self._reading = self.own(self._read())
        try:
            return await self._exit
        finally:
            for task in self._tasks:
                task.cancel()

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs a part of the connection; an error in it ends the whole."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    async def leave(self) -> None:
        """Says `Bye(DRAINED)` behind everything that waits, and closes the stream."""
        bye = pb.Bye(reason=pb.BYE_REASON_DRAINED, message="Everything that ran has ended.")
        self._outbox.put(pb.RunnerEnvelope(bye=bye))
        self._outbox.close()
        if self._writing is not None and self._reading is not None:
            await self._writing
            await self._stream.done_writing()
            await asyncio.wait((self._reading,), timeout=CLOSE_SECONDS)
        self._end(0)

    async def _read(self) -> None:
        while True:
            frame = await self._stream.read()
            if frame is grpc.aio.EOF:
                break
            for envelope in frame.envelopes:
                kind = envelope.WhichOneof("kind")
                if self._session is None:
                    limits = _welcomed(envelope, kind)
                    self._outbox.keep(limits)
                    self._session = Session(self, self._outbox, limits, self._project)
                elif kind is not None:
                    self._session.take(kind, getattr(envelope, kind))
        if self._session is None:
            raise LinkError("The core ended the connection without a welcome.")
        if not self._outbox.closed:
            self._end(1)

    def _let_go(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or self._exit.done():
            return
        error = task.exception()
        if isinstance(error, grpc.aio.AioRpcError) and self._session is not None:
            self._end(1)
        elif isinstance(error, grpc.aio.AioRpcError):
            self._exit.set_exception(LinkError(f"The core refused the connection: {error.details()}"))
        elif error is not None:
            self._exit.set_exception(error)

    def _end(self, code: int) -> None:
        if not self._exit.done():
            self._exit.set_result(code)


class Session:
    """What follows the welcome: each envelope goes to its owner."""

    def __init__(self, link: Link, outbox: Outbox, limits: pb.Limits, project: Project) -> None:
        loop = asyncio.get_running_loop()
        self._link = link
        self._project = project
        self._outbox = outbox
        self._modules = Modules(project)
        self._modules.install()
        self._transfers = Transfers(limits.max_payload_bytes)
        self._logs = Logs(outbox, loop)
        self._calls = HostCalls(outbox, limits, loop)
        self._executor = Executor(outbox, self._calls, self._logs, limits, project)
        self._loading = asyncio.Lock()
        loop.set_exception_handler(self._log_unhandled)
        self._owners: dict[str, Callable[[Any], object]] = {
            "invoke": lambda invoke: self._executor.invoke(invoke, self._transfers.payload_of(invoke)),
            "chunk": self._transfers.add,
            "host_reply": lambda reply: self._calls.answer(reply, self._transfers.payload_of(reply)),
            "cancel": self._executor.cancel,
            "ping": self._pong,
            "load": lambda load: link.own(self._load(load)),
            "drain": lambda drain: link.own(self._drain(drain)),
        }

    def take(self, kind: str, message: Any) -> None:
        """Hands a message to its owner; one of a kind that we do not know is ignored."""
        owner = self._owners.get(kind)
        if owner is not None:
            owner(message)

    async def _load(self, message: pb.Load) -> None:
        async with self._loading:
            loaded = await loader.load(message, self._modules, self._project)
            self._executor.replace_steps(loaded.steps)
            self._outbox.put(pb.RunnerEnvelope(manifest=loaded.manifest))

    async def _drain(self, message: pb.Drain) -> None:
        await self._executor.drain(message.grace_ms)
        await self._link.leave()

    def _pong(self, message: pb.Ping) -> None:
        pong = pb.Pong(nonce=message.nonce, in_flight=self._executor.in_flight, memory_bytes=_memory_bytes())
        pong.cpu_ms = int(time.process_time() * 1000)
        self._outbox.put(pb.RunnerEnvelope(pong=pong))

    def _log_unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            found = failure.of(error, self._project)
            self._logs.write(None, pb.LOG_LEVEL_ERROR, f"{found.type}: {found.message}", found.stack or None)
        else:
            self._logs.write(None, pb.LOG_LEVEL_ERROR, str(context.get("message")))


async def connect(target: str, secret: str, project: Project) -> int:
    """Runs one connection to the core at `target`, a gRPC target; returns the exit code. Raises LinkError."""
    async with grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS) as channel:
        open_stream = channel.stream_stream(
            CONNECT, request_serializer=bytes, response_deserializer=pb.CoreFrame.FromString
        )
        return await Link(open_stream(metadata=(("runtime-secret", secret),)), project).run()


def _hello() -> pb.RunnerEnvelope:
    hello = pb.Hello(min_protocol=MIN_PROTOCOL, max_protocol=MAX_PROTOCOL, language="python", pid=os.getpid())
    hello.version = runtime_runner.__version__
    hello.runtime_version = f"Python {platform.python_version()}"
    return pb.RunnerEnvelope(hello=hello)


def _welcomed(envelope: pb.CoreEnvelope, kind: str | None) -> pb.Limits:
    speaks = f"This runner speaks protocol versions {MIN_PROTOCOL} to {MAX_PROTOCOL}"
    if kind == "bye":
        raise LinkError(f"{speaks}; the core left: {envelope.bye.message}")
    if kind != "welcome":
        raise ProtocolError(f"The core began with {kind or 'an unknown message'}, not with a welcome.")
    if not MIN_PROTOCOL <= envelope.welcome.protocol <= MAX_PROTOCOL:
        raise LinkError(f"{speaks}; the core chose {envelope.welcome.protocol}.")
    return envelope.welcome.limits


def _memory_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as status:
            return int(status.read().split()[1]) * resource.getpagesize()
    except OSError:
        # No /proc outside of Linux; the peak is what the system tells then.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
