"""The control API over fakes, for the tests of its topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from runtime.catalog import Catalog
from runtime.config import TelemetrySettings
from runtime.model import LogLevel, RunnerStatus
from runtime.services.logs import LogService
from runtime.services.queues import QueueService
from runtime.services.repeats import Repeats
from runtime.services.telemetry import Telemetry
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.values import decode, encode
from runtime.web.control.application import Controlled, control_app, tracing
from runtime.web.control.project import Project
from tests.fakes import FakeClock, ListSink, Reports, unchecked
from tests.unit.fake_bus import FakeEventBus
from tests.unit.services.shelf import Shelf
from tests.unit.services.test_queues import CATALOG
from tests.unit.stored_state import stored_state

MAX_BODY = 10_000
_PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Schedule:
    """A schedule that never was."""

    step: str
    expression: str = "0 0 * * *"
    timezone: str = "UTC"
    next: float = 1_700_006_400.0
    last: float | None = None


class World:
    """The control API over fakes and a store in memory."""

    def __init__(self, root: Path = Path()) -> None:
        """Takes the folder of a project."""
        self.clock = FakeClock()
        self.bus = FakeEventBus(self.clock)
        self.queues = QueueService(self.bus, FakeClock(1_700_000_005.0), 1000, unchecked())
        self.queues.catalog = CATALOG
        self.emitted: list[tuple[str, Any, Mapping[str, Any], str]] = []
        self.triggered: list[str] = []
        self.error: Exception | None = None
        self.reports = Reports()
        self.state = stored_state(self.clock)
        self.processes: list[RunnerStatus] = []
        self.streams = Shelf().services.streams
        self.traces = MemoryTraceStore()
        self.sink = ListSink()
        logs = LogService(self.sink, self.clock, LogLevel.DEBUG)
        self.telemetry = Telemetry(TelemetrySettings(), self.traces, self.clock, logs, development=True)
        self.repeats = Repeats(self.bus, self.clock, self.telemetry.tracer.repeats, 1000)
        self.repeats.catalog = CATALOG
        self.catalog = Catalog()
        self.sources: set[str] = set()
        self.requests: list[Any] = []
        self.answered = [(b"x-a", b"1")]
        controlled = Controlled(
            self,
            self.queues,
            self,
            self.state,
            self.streams,
            lambda: self.processes,
            self.telemetry,
            self.repeats,
            self.edge,
            Project(root, "shop", "1", "development", lambda: self.catalog, lambda: (), lambda: self.sources),
            self.bundle,
        )
        self.control = control_app(controlled, self.reports, MAX_BODY)
        self.app = tracing(self.control)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://localhost/__runtime/", timeout=5
        )

    async def emit(self, topic: str, data: bytes, options: Mapping[str, Any], trace_id: str) -> str:
        """Remembers the event."""
        if self.error is not None:
            raise self.error
        self.emitted.append((topic, decode(data), options, trace_id))
        return "event-id"

    def subscribers(self, topic: str) -> list[str]:
        """One, but for one topic."""
        return [] if topic == "unheard" else ["Ship"]

    def nearest(self, topic: str) -> str | None:
        """What that was meant to be."""
        return topic.removeprefix("un")

    def schedules(self) -> list[Schedule]:
        """Two of them."""
        return [Schedule("Nightly"), Schedule("Hourly", "@hourly", "Europe/Berlin", last=1_700_000_000.25)]

    async def trigger(self, step: str, /) -> str:
        """Remembers the step."""
        self.triggered.append(step)
        return "tick-id"

    async def edge(self, scope: Any, receive: Any, send: Any) -> None:
        """Remembers the request with its body, and answers it."""
        self.requests.append((scope, (await receive())["body"]))
        await send({"type": "http.response.start", "status": 201, "headers": self.answered})
        await send({"type": "http.response.body", "body": b"made"})

    async def bundle(self, file: str, max_bytes: int, seconds: float) -> str:
        """A module that names its file."""
        return f"export default {file!r}"

    async def post(self, path: str, body: Any = None, **query: str) -> httpx.Response:
        """Asks for a change."""
        return await self.client.post(path, params=query, json={} if body is None else body)

    async def fill(self, group: str, *keys: str) -> None:
        """Sets a value under each of the keys."""
        for key in keys:
            await self.state.set(group, key, encode(key), "", {})


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, answer.headers["content-type"], document["status"]) == (status, _PROBLEM, status)
    assert document["title"]
    return document
