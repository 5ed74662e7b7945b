"""The command line against a real server on this machine, over a bus that tests look into."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from typer.testing import CliRunner

from runtime.__main__ import _app
from runtime.catalog import Catalog
from runtime.config import HttpSettings, TelemetrySettings
from runtime.errors import HostCallRefused
from runtime.model import LogLevel, RunnerStatus
from runtime.services.logs import LogService
from runtime.services.queues import QueueService
from runtime.services.repeats import Repeats
from runtime.services.telemetry import Telemetry
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.values import decode
from runtime.web.control.announcement import announced
from runtime.web.control.application import HARMLESS_PATHS, Controlled, control_app, tracing
from runtime.web.control.project import Project
from runtime.web.front import Front
from runtime.web.guard import Guard
from runtime.web.server import http_server, listen
from tests.fakes import FakeClock, ListSink, Reports, unchecked
from tests.unit.fake_bus import FakeEventBus
from tests.unit.services.shelf import Shelf
from tests.unit.services.test_queues import CATALOG
from tests.unit.stored_state import stored_state

TOKEN = "the-token-of-this-run"


@dataclass(frozen=True)
class Printed:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON, which it must be from its first to its last byte."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Schedule:
    """A schedule that never was."""

    step: str
    expression: str
    timezone: str
    next: float | None
    last: float | None


async def run(*arguments: str, typed: str | bytes | None = None) -> Printed:
    """Runs `runtime` with these arguments beside the event loop."""
    result = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(_app, list(arguments), input=typed))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Printed(result.exit_code, result.stdout, result.stderr)


class Served:
    """What the control API of the test serves."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bus = FakeEventBus(self.clock)
        self.state = stored_state(self.clock)
        self.queues = QueueService(self.bus, FakeClock(1_700_000_090.0), 1000, unchecked())
        self.queues.catalog = CATALOG
        self.emitted: list[tuple[str, Any, Mapping[str, Any]]] = []
        self.triggered: list[str] = []
        self.port = 0
        self.processes = [
            RunnerStatus("node", 1, 4711, 3, "serving", 2, 80 * 1024 * 1024, 0.256, 1, time.time() - 3_700),
            RunnerStatus("python", 1, None, 1, "given up", 0, None, None, 5, 1_700_000_000.0),
        ]

    async def emit(self, topic: str, data: bytes, options: Mapping[str, Any], trace_id: str) -> str:
        """Remembers the event."""
        if "dely" in options:
            raise HostCallRefused("'dely' is no option of emit")
        self.emitted.append((topic, decode(data), options))
        return "event-id"

    def subscribers(self, topic: str) -> list[str]:
        """One, whatever the topic."""
        return [f"On {topic}"]

    def nearest(self, topic: str) -> str | None:
        """None, for none is needed."""
        return None

    def schedules(self) -> Sequence[Schedule]:
        """One that has run and one that will not."""
        return [
            Schedule("Nightly", "0 0 * * *", "UTC", 1_700_006_400.0, 1_699_920_000.0),
            Schedule("Once", "0 0 29 2 *", "Europe/Berlin", None, None),
        ]

    async def trigger(self, step: str, /) -> str:
        """Remembers the step."""
        self.triggered.append(step)
        return "tick-id"


async def no_steps(scope: Any, receive: Any, send: Any) -> None:
    """An edge as it answers where it has no route."""
    body = json.dumps({"status": 404, "detail": f"no step serves {scope['method']} {scope['path']}"}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def no_node(file: str, max_bytes: int, seconds: float) -> str:
    """No step is drawn."""
    raise NotImplementedError


@asynccontextmanager
async def serving(
    root: Path, *, announces: bool = True, token: str | None = TOKEN, control: bool = True
) -> AsyncIterator[Served]:
    """Serves the control API as a runtime of the project would; `token` is what it writes into its file."""
    served = Served()
    clock = FakeClock()
    logs = LogService(ListSink(), clock, LogLevel.DEBUG)
    telemetry = Telemetry(TelemetrySettings(), MemoryTraceStore(), clock, logs, development=True)
    controlled = Controlled(
        served,
        served.queues,
        served,
        served.state,
        Shelf().services.streams,
        lambda: served.processes,
        telemetry,
        Repeats(served.bus, clock, telemetry.tracer.repeats, 1000),
        no_steps,
        Project(root, "served", "1", "development", Catalog, tuple, tuple),
        no_node,
    )
    app = Guard(control_app(controlled, Reports(), 10_000), TOKEN, (), HARMLESS_PATHS)
    listener = listen(HttpSettings(port=0))
    served.port = listener.getsockname()[1]
    stop = anyio.Event()
    with listener:
        async with anyio.create_task_group() as tasks:
            application = Front(no_steps, no_steps, None, tracing(app) if control else None, {}, lambda path: False)
            tasks.start_soon(http_server(HttpSettings(), application).serve, listener, stop, 1.0)
            if announces:
                with announced(root, "0.0.0.0", served.port, token):
                    yield served
            else:
                yield served
            stop.set()
