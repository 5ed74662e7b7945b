"""A core for one runner that does nothing of its own accord: each test says what it sends and when it reads."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import msgpack
from google.protobuf.message import Message

from runtime._gen import runner_pb2 as pb
from tests._gen import runner_pb2_grpc
from tests.conformance.process import PATIENCE, RunnerProcess, running
from tests.conformance.project import Project
from tests.conformance.whole_connection import breaches

CHUNK_BYTES = 64 << 10
BODY_WINDOW = 256 << 10
FEATURES = (pb.FEATURE_STREAMED_BODIES, pb.FEATURE_HOOKS)
SETTLING_TURNS = 8
_MAX_FRAME_BYTES = 16 << 20
_KINDS = {field.message_type.name: field.name for field in pb.RunnerEnvelope.DESCRIPTOR.fields if field.message_type}
_CORE_KINDS = {field.message_type.name: field.name for field in pb.CoreEnvelope.DESCRIPTOR.fields if field.message_type}

AnyMessage = TypeVar("AnyMessage", bound=Message)
Connection = grpc.aio.ServicerContext[Any, Any]


class Core(runner_pb2_grpc.RunnerLinkServicer):
    """The core's end of one runner's connection."""

    process: RunnerProcess
    hello: pb.Hello
    manifest: pb.Manifest
    vanish: Callable[[], Awaitable[None]]
    """Closes the socket, as the death of a core does."""

    def __init__(self, project: Project, limits: pb.Limits) -> None:
        self.project = project
        self.limits = limits
        self.secret = secrets.token_urlsafe(16)
        self.frames: list[pb.RunnerFrame] = []
        """All that has arrived, in order."""
        self.metadata: Mapping[str, str] = {}
        self.ended = asyncio.Event()
        """Set when the runner has closed the stream, or lost it."""
        self.complains = False
        """Set by a test that expects words on stderr."""
        self._invoked: Counter[int] = Counter()
        self._unexpected: list[pb.RunnerEnvelope] = []
        self._news = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._hang_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connection: Connection | None = None
        self._writing = asyncio.Lock()
        self._invocations = itertools.count(1)
        self._transfers = itertools.count(1)
        self._nonces = itertools.count(1)
        self._calls = itertools.count(1)

    # ------------------------------------------------------------ the stream

    async def Connect(self, request_iterator: Any, context: Connection) -> None:
        """Serves the runner until it leaves or the test hangs up."""
        assert self._connection is None, "the runner dialled twice"
        self.metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self._connection = context
        reader = asyncio.ensure_future(self._read(context))
        try:
            await asyncio.wait([reader, self._hang_up], return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            self.ended.set()
            self._news.set()

    async def _read(self, connection: Connection) -> None:
        while True:
            await self._reading.wait()
            frame = await connection.read()
            if frame is grpc.aio.EOF:
                return
            self.frames.append(cast(pb.RunnerFrame, frame))
            self._unexpected.extend(self.frames[-1].envelopes)
            self._news.set()

    def process_ended(self, _: object) -> None:
        """Spares the test its patience with a process that ended before it had dialled."""
        if self._connection is None:
            self.ended.set()
            self._news.set()

    def stop_reading(self) -> None:
        """Leaves what the runner writes where it is, so that its writes come to a halt."""
        self._reading.clear()

    def read_on(self) -> None:
        """Ends `stop_reading`."""
        self._reading.set()

    def hang_up(self) -> None:
        """Ends the stream without a `Bye`."""
        self._hang_up.set_result(None)

    def assert_quiet(self) -> None:
        """Fails when the runner has written to stderr, unless the test has said that it will."""
        assert self.complains or self.process.stderr == b"", f"stderr: {self.process.stderr[-2000:]!r}"

    def assert_kept_the_rules(self) -> None:
        """Fails when what was said on the whole connection breaks a rule that holds on each."""
        self.assert_quiet()
        assert breaches(self.envelopes(), self._invoked) == []

    # ------------------------------------------------------------ sending

    async def send(self, *messages: Message) -> None:
        """Sends messages as one frame."""
        frame = pb.CoreFrame()
        for message in messages:
            getattr(frame.envelopes.add(), _CORE_KINDS[message.DESCRIPTOR.name]).CopyFrom(message)
        await self.send_frame(frame)

    async def send_frame(self, frame: pb.CoreFrame) -> None:
        """Sends a frame as it is."""
        assert self._connection is not None
        self._invoked.update(each.invoke.invocation_id for each in frame.envelopes if each.HasField("invoke"))
        async with self._writing:
            await self._connection.write(frame)

    async def load(self, steps: Sequence[str], streams: Sequence[str] = ()) -> pb.Manifest:
        """Sends a `Load` and gives the manifest."""
        await self.send(pb.Load(step_files=steps, stream_files=streams))
        return await self.expect(pb.Manifest)

    async def start(self, step: str, value: object = None, **fields: Any) -> int:
        """Sends an `Invoke` and gives its id.

        `step_file` replaces the step's own, `trigger` that of an event, `payload_transfer` or `payload` (encoded
        already) the value.
        """
        number = next(self._invocations)
        invoke = pb.Invoke(
            invocation_id=number,
            step_name=step,
            trace_id=f"{number:032x}",
            span_id=f"{number:016x}",
            attempt=1,
            trigger_source=step,
        )
        invoke.step_file = fields.pop("step_file", None) or self.project.step(step)
        invoke.trigger = fields.pop("trigger", pb.TRIGGER_KIND_EVENT)
        invoke.payload_transfer = fields.pop("payload_transfer", 0)
        payload = fields.pop("payload", None)
        assert not fields, f"unknown: {fields}"
        if invoke.payload_transfer:
            await self.send(invoke)
        else:
            await self._send_with_payload(invoke, pack(value) if payload is None else payload)
        return number

    async def invoke(self, step: str, value: object = None, **fields: Any) -> pb.Result:
        """Runs a step to its end."""
        return await self.result(await self.start(step, value, **fields))

    async def call(self, step: str, value: object = None, **fields: Any) -> Any:
        """Runs a step and gives what its handler returned."""
        return self.value(await self.invoke(step, value, **fields))

    async def request(self, step: str, form: str = "none", body: bytes = b"", **parts: object) -> pb.Result:
        """Runs an api step with a request map; `parts` replace or add entries."""
        request = {"method": "POST", "path": f"/{step}", "pathParams": {}, "queryParams": {}, "headers": {}}
        return await self.invoke(step, {**request, "form": form, "body": body, **parts}, trigger=pb.TRIGGER_KIND_API)

    async def ask(self, hook: pb.Hook, target: str, value: object = None, deadline_ms: int = 0) -> int:
        """Sends a `Call` and gives its id."""
        number = next(self._calls)
        call = pb.Call(call_id=number, hook=hook, target=target, deadline_ms=deadline_ms)
        await self._send_with_payload(call, b"" if value is None else pack(value))
        return number

    async def call_reply(self, number: int) -> pb.CallReply:
        """The reply to a call."""
        return await self.expect(pb.CallReply, lambda reply: reply.call_id == number)

    async def read_body(self, transfer: int, size: int) -> None:
        """Says that so much of a streamed body was read."""
        await self.send(pb.BodyRead(transfer=transfer, bytes=size))

    async def reply(self, call: pb.HostCall, value: object = None) -> None:
        """Answers a host call; None as an absent payload."""
        await self._send_with_payload(pb.HostReply(call_id=call.call_id), b"" if value is None else pack(value))

    async def refuse(self, call: pb.HostCall, message: str, retryable: bool = False) -> None:
        """Answers a host call with a failure."""
        failure = pb.Failure(kind=pb.FAILURE_KIND_REFUSED, message=message, retryable=retryable)
        await self.send(pb.HostReply(call_id=call.call_id, failure=failure))

    async def _send_with_payload(self, message: pb.Invoke | pb.HostReply | pb.Call, payload: bytes) -> None:
        size = self.limits.chunk_bytes
        if len(payload) <= size:
            message.payload = payload
            await self.send(message)
            return
        message.payload_transfer = next(self._transfers)
        for at in range(0, len(payload), size):
            last = at + size >= len(payload)
            await self.send(pb.Chunk(transfer=message.payload_transfer, data=payload[at : at + size], last=last))
        await self.send(message)

    # ------------------------------------------------------------ receiving

    async def expect(
        self,
        kind: type[AnyMessage],
        where: Callable[[AnyMessage], bool] = lambda _: True,
        within: float = PATIENCE,
    ) -> AnyMessage:
        """The first message of the kind, and of that description, which was not expected before."""
        try:
            async with asyncio.timeout(within):
                while (found := self._take(kind, where)) is None:
                    assert not self.ended.is_set(), f"the stream ended before a {kind.__name__} came; {self._report()}"
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} came within {within:g} s; {self._report()}") from None
        return found

    async def result(self, number: int, within: float = PATIENCE) -> pb.Result:
        """The result of an invocation."""
        return await self.expect(pb.Result, lambda result: result.invocation_id == number, within)

    async def expect_silence(self, seconds: float) -> None:
        """Listens so long, and fails when anything comes."""
        before = len(self.frames)
        try:
            async with asyncio.timeout(seconds):
                while len(self.frames) == before and not self.ended.is_set():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return
        raise AssertionError(f"something came where nothing may; {self._report()}")

    def pending(self, kind: type[Message]) -> int:
        """How many messages of the kind have come that nobody expected yet."""
        return sum(envelope.WhichOneof("kind") == _KINDS[kind.DESCRIPTOR.name] for envelope in self._unexpected)

    async def settle(self) -> None:
        """Lets the runner's event loop turn some times, so that what is due has come."""
        for _ in range(SETTLING_TURNS):
            nonce = next(self._nonces)
            await self.send(pb.Ping(nonce=nonce))
            await self.expect(pb.Pong, lambda pong, nonce=nonce: pong.nonce == nonce)  # type: ignore[misc]

    def value(self, message: pb.Result | pb.HostCall | pb.CallReply) -> Any:
        """The payload's value; a result or reply must be without failure."""
        if isinstance(message, pb.Result | pb.CallReply):
            assert not message.HasField("failure"), f"it failed: {message.failure}"
        return unpack(self.payload(message))

    def payload(self, message: pb.Result | pb.HostCall | pb.CallReply) -> bytes:
        """The payload's bytes, wherever they stand."""
        if not message.payload_transfer:
            return message.payload
        return b"".join(chunk.data for chunk in self.chunks(message.payload_transfer))

    def chunks(self, transfer: int) -> list[pb.Chunk]:
        """The pieces of a transfer."""
        return [each.chunk for each in self.envelopes() if each.chunk.transfer == transfer]

    def body(self, transfer: int) -> bytes:
        """What has come of a streamed body."""
        return b"".join(chunk.data for chunk in self.chunks(transfer))

    async def body_holds(self, transfer: int, size: int) -> None:
        """Waits until at least so many bytes of a streamed body have come."""
        while len(self.body(transfer)) < size:
            await self.expect(pb.Chunk, lambda chunk: chunk.transfer == transfer)

    async def body_end(self, transfer: int) -> pb.Chunk:
        """Waits for the last piece of a streamed body."""
        return await self.expect(
            pb.Chunk, lambda chunk: chunk.transfer == transfer and (chunk.last or chunk.HasField("aborted"))
        )

    def envelopes(self) -> list[pb.RunnerEnvelope]:
        """All that has arrived, in order, frames aside."""
        return [envelope for frame in self.frames for envelope in frame.envelopes]

    def _take(self, kind: type[AnyMessage], where: Callable[[AnyMessage], bool]) -> AnyMessage | None:
        name = _KINDS[kind.DESCRIPTOR.name]
        for place, envelope in enumerate(self._unexpected):
            if envelope.WhichOneof("kind") == name and where(getattr(envelope, name)):
                del self._unexpected[place]
                return cast(AnyMessage, getattr(envelope, name))
        return None

    def _report(self) -> str:
        kinds = [envelope.WhichOneof("kind") for envelope in self._unexpected[-20:]]
        return f"unexpected so far: {kinds}; stderr: {self.process.stderr[-2000:].decode('utf-8', 'replace')!r}"


def limits(**bounds: int) -> pb.Limits:
    """Limits as the core sets them, but for those that are given."""
    usual = {
        "max_in_flight": 256,
        "max_payload_bytes": 64 << 20,
        "chunk_bytes": CHUNK_BYTES,
        "max_queued_bytes": 32 << 20,
        "max_host_calls": 1024,
        "body_window_bytes": BODY_WINDOW,
        "max_bodies": 1024,
    }
    return pb.Limits(**{**usual, **bounds})


def pack(value: object) -> bytes:
    """The value as MessagePack."""
    return cast(bytes, msgpack.packb(value))


def unpack(data: bytes) -> Any:
    """The value of MessagePack bytes; None for no bytes."""
    return msgpack.unpackb(data, strict_map_key=False) if data else None


@asynccontextmanager
async def started(project: Project, **bounds: int) -> AsyncIterator[Core]:
    """A runner process that will dial; nothing is said to it yet. `bounds` replace those of `Limits`.

    Fails at the end when the runner has broken a rule that holds on every connection.
    """
    core = Core(project, limits(**bounds))
    size = [("grpc.max_receive_message_length", _MAX_FRAME_BYTES), ("grpc.max_send_message_length", _MAX_FRAME_BYTES)]
    with tempfile.TemporaryDirectory(prefix="runtime-") as folder:
        # Without its probe the transport's window keeps its size, so a runner's writer stops when nobody reads.
        server = grpc.aio.server(options=[*size, ("grpc.http2.bdp_probe", 0)])
        runner_pb2_grpc.add_RunnerLinkServicer_to_server(core, server)
        address = f"unix:{folder}/core.sock"
        server.add_insecure_port(address)
        await server.start()
        core.vanish = lambda: server.stop(None)
        environment = {
            "RUNTIME_ADDRESS": address,
            "RUNTIME_SECRET": core.secret,
            "RUNTIME_PROJECT_ROOT": str(project.root),
            "RUNTIME_GENERATION": "1",
            "RUNTIME_CACHE_DIR": str(project.cache),
        }
        try:
            async with running(project, environment) as core.process:
                core.process.ended.add_done_callback(core.process_ended)
                yield core
            core.assert_kept_the_rules()
        finally:
            await server.stop(None)


async def welcome(core: Core, features: Sequence[pb.Feature] = FEATURES) -> pb.Hello:
    """Takes the greeting and answers it, with those of the features that the runner offers."""
    core.hello = hello = await core.expect(pb.Hello)
    common = [feature for feature in features if feature in hello.features]
    await core.send(pb.Welcome(protocol=1, limits=core.limits, session="conformance", features=common))
    return hello


@asynccontextmanager
async def connected(project: Project, steps: Sequence[str] | None = None, **bounds: int) -> AsyncIterator[Core]:
    """A runner that is welcomed and has loaded the steps, all of the project's unless they are named."""
    async with started(project, **bounds) as core:
        await welcome(core)
        files = project.steps() if steps is None else [project.step(name) for name in steps]
        core.manifest = await core.load(files, project.streams())
        assert not core.manifest.load_failures, core.manifest.load_failures
        yield core
