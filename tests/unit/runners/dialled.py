"""A link and the runner's end of it, which does only what a test says; frames go through memory."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.catalog import Catalog
from runtime.config import BusSettings, LinkSettings, StreamSettings
from runtime.dispatcher import outcome_of
from runtime.model import Invocation, LogLevel, Outcome, Step, StreamDefinition, TriggerKind
from runtime.runners.discovery import LanguageFiles
from runtime.runners.hostcalls import HostCalls
from runtime.runners.link import Link
from runtime.services.bus import BusService
from runtime.services.changes import ChangeService
from runtime.services.logs import LogService
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from tests.fakes import FakeClock, ListSink, Reports, settle, unchecked

CHUNK = 1024
MAX_PAYLOAD = 64 * 1024
MAX_QUEUED = 1024 * 1024
MAX_HOST_CALLS = 2
WINDOW = 2048
MAX_BODIES = 2
MAX_CALLS = 2
SETTINGS = LinkSettings.model_validate(
    {
        "chunkBytes": CHUNK,
        "maxPayloadBytes": MAX_PAYLOAD,
        "maxQueuedBytes": MAX_QUEUED,
        "maxHostCalls": MAX_HOST_CALLS,
        "bodyWindowBytes": WINDOW,
        "maxBodies": MAX_BODIES,
        "cancelGrace": 0.5,
    }
)
FILES = LanguageFiles(("steps/a.step.ts",), ("steps/s.stream.ts",))
HELLO = pb.Hello(min_protocol=1, max_protocol=1, language="node")
HELLO_WITH_BODIES = pb.Hello(
    min_protocol=1, max_protocol=1, language="node", features=[pb.FEATURE_STREAMED_BODIES, pb.FEATURE_UNSPECIFIED]
)
HELLO_WITH_HOOKS = pb.Hello(min_protocol=1, max_protocol=1, language="node", features=[pb.FEATURE_HOOKS])
HELLO_WITH_NODES = pb.Hello(
    min_protocol=1, max_protocol=1, language="node", features=[pb.FEATURE_HOOKS, pb.FEATURE_NODES]
)
MANIFEST = pb.Manifest(steps=[pb.StepEntry(file="steps/a.step.ts", config=b"\x80", has_handler=True)])
MEMORY = 100 * 1024 * 1024
PATIENCE = 5.0


def invocation(payload: bytes = b"\x01", timeout: float = 30.0, kind: TriggerKind = TriggerKind.EVENT) -> Invocation:
    step = Step("a", "node", "steps/a.step.ts", kind.value, timeout=timeout)
    return Invocation(step, kind, payload, "f" * 32, source="t", cause_id="e1")


def host_calls() -> HostCalls:
    """Host calls onto the memory engine, with one stream `s`."""
    clock, settings = FakeClock(), BusSettings(max_event_bytes=1024, max_queue_length=100)
    engine, changes = MemoryEngine(clock, settings), ChangeService(clock)
    bus = BusService(engine.events, clock, settings, Reports(), unchecked())
    streams = StreamService(engine, changes, clock, 1000, unchecked())
    streams.catalog = Catalog(streams={"s": StreamDefinition("s", "node", "steps/s.stream.ts")})
    state = StateService(engine, changes, clock, 10 * MAX_PAYLOAD)
    return HostCalls(
        bus, state, streams, TextService(engine.texts, clock, StreamSettings()), lambda span, operation: None
    )


class Dialled:
    """One connection, served for the time of the context."""

    def __init__(
        self,
        host: HostCalls | None = None,
        max_in_flight: int = 4,
        settings: LinkSettings = SETTINGS,
        *,
        is_told: bool = True,
        is_inspected: bool = False,
    ) -> None:
        """A link that is not told what to load is that of a spare."""
        self.sink = ListSink()
        self.rooms = 0
        self.received: list[pb.CoreEnvelope] = []
        self.frames: list[pb.CoreFrame] = []
        self.cpu_ms = 0
        self.writers = 0
        self.most_writers = 0
        self.answers_pings = True
        self.wrote = asyncio.Event()
        """Set with each frame that the core has written."""
        self.broken: Exception | None = None
        """What a write raises, from now on."""
        self.reading = asyncio.Event()
        self.reading.set()
        self.link = Link(
            "node",
            settings,
            max_in_flight,
            host or host_calls(),
            LogService(self.sink, FakeClock(), LogLevel.DEBUG),
            self._on_room,
            MAX_CALLS,
            is_inspected=is_inspected,
        )
        if is_told:
            self.link.load(FILES)
        self._to_core: asyncio.Queue[pb.RunnerFrame | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> Dialled:
        self.serving = asyncio.ensure_future(self.link.serve(self._to_core.get, self._write))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in [*self._tasks, self.serving]:
            task.cancel()
        await asyncio.gather(*self._tasks, self.serving, return_exceptions=True)

    def _on_room(self) -> None:
        self.rooms += 1

    async def _write(self, frame: pb.CoreFrame) -> None:
        self.writers += 1
        self.most_writers = max(self.most_writers, self.writers)
        try:
            await self.reading.wait()
        finally:
            self.writers -= 1
        if self.broken is not None:
            raise self.broken
        self.frames.append(frame)
        self.received.extend(frame.envelopes)
        self.wrote.set()
        for envelope in frame.envelopes:
            if self.answers_pings and envelope.HasField("ping"):
                pong = pb.Pong(nonce=envelope.ping.nonce, memory_bytes=MEMORY, cpu_ms=self.cpu_ms)
                await self.push(pb.RunnerFrame(envelopes=[pb.RunnerEnvelope(pong=pong)]))

    @property
    def unread(self) -> int:
        """Frames that the core has not read yet."""
        return self._to_core.qsize()

    async def push(self, frame: pb.RunnerFrame) -> None:
        """Sends a frame and waits for nothing."""
        await self._to_core.put(frame)

    async def send(self, *envelopes: pb.RunnerEnvelope, **kinds: Any) -> None:
        """Sends one frame and lets the core act on it."""
        envelopes += tuple(pb.RunnerEnvelope(**{kind: message}) for kind, message in kinds.items())
        await self.push(pb.RunnerFrame(envelopes=envelopes))
        await settle()

    async def end(self) -> None:
        """Ends the stream, as a process does that dies."""
        await self._to_core.put(None)
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([self.serving])

    async def open(self, hello: pb.Hello = HELLO) -> Dialled:
        """Goes through the handshake and forgets what was received."""
        await self.send(hello=hello)
        await self.send(manifest=MANIFEST)
        self.received.clear()
        self.frames.clear()
        return self

    async def start(self, wanted: Invocation | None = None) -> asyncio.Task[Outcome]:
        """Begins an invocation and lets it be sent."""
        task = asyncio.ensure_future(outcome_of(self.link, wanted or invocation()))
        self._tasks.append(task)
        await settle()
        return task

    def all(self, kind: str) -> list[Any]:
        """All messages of a kind that were received."""
        return [getattr(each, kind) for each in self.received if each.WhichOneof("kind") == kind]

    def last(self, kind: str) -> Any:
        """The newest message of a kind."""
        assert self.all(kind), f"no {kind} came, but {[each.WhichOneof('kind') for each in self.received]}"
        return self.all(kind)[-1]

    async def begun(self) -> tuple[asyncio.Task[Outcome], int]:
        """An invocation that the runner has, and its id."""
        task = await self.start()
        return task, self.last("invoke").invocation_id


async def outcome(task: asyncio.Task[Outcome]) -> Outcome:
    """The outcome, which must be near."""
    async with asyncio.timeout(PATIENCE):
        return await asyncio.shield(task)


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Lets so much time have passed on the event loop's clock."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    monkeypatch.setattr(loop, "time", lambda: clock() + seconds)


def chunks(transfer: int, payload: bytes, size: int = CHUNK) -> list[pb.RunnerEnvelope]:
    """The envelopes of a transfer."""
    starts = range(0, len(payload), size)
    return [
        pb.RunnerEnvelope(
            chunk=pb.Chunk(transfer=transfer, data=payload[start : start + size], last=start + size >= len(payload))
        )
        for start in starts
    ]
