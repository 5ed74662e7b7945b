"""What a project keeps and what handlers may ask for: engine and services, built once, following one catalog."""

from __future__ import annotations

from pathlib import Path

from runtime.catalog import Catalog
from runtime.config import Settings
from runtime.contracts import Clock, Engine, LogSink, TraceStore
from runtime.environment import DEVELOPMENT, PRODUCTION
from runtime.model import LogLevel
from runtime.otlp.export import exporting
from runtime.records import QueueKey
from runtime.reload.setup import Setup
from runtime.services.bus import BusService
from runtime.services.changes import ChangeService
from runtime.services.expiry import ExpiryService
from runtime.services.held import HeldWrites
from runtime.services.logs import LogService
from runtime.services.orphans import Orphans
from runtime.services.queues import QueueService
from runtime.services.remembered import StepMemory
from runtime.services.repeats import Repeats
from runtime.services.schemas import SchemaService
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.telemetry import Telemetry
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.storage.sqlite.engine import SqliteEngine
from runtime.storage.sqlite.traces import SqliteTraceStore
from runtime.web.description import project_title

_FOLDER = ".runtime"


class Parts:
    """The services of a project; nothing of it runs by itself."""

    def __init__(self, root: Path, setup: Setup, sink: LogSink, clock: Clock, *, development: bool) -> None:
        settings = setup.settings
        self.clock = clock
        self.mode = DEVELOPMENT if development else PRODUCTION
        self.title = project_title(root)
        self.logs = LogService(sink, clock, LogLevel[settings.log.level.upper()])
        report = self.logs.core
        self.engine = _engine(root, settings, clock)
        self.schemas = SchemaService(settings.validation, report)
        self.changes = ChangeService(clock)
        self.expiry = ExpiryService(self.engine, self.changes, clock, report)
        self.bus = BusService(self.engine.events, clock, settings.bus, report, self.schemas)
        max_value = settings.state.max_value_bytes
        self.state = StateService(self.engine, self.changes, clock, max_value, self.expiry.expect)
        self.streams = StreamService(self.engine, self.changes, clock, max_value, self.schemas)
        self.texts = TextService(self.engine.texts, clock, settings.streams)
        self.queues = QueueService(self.engine.events, clock, settings.bus.max_event_bytes, self.schemas)
        self.orphans = Orphans(self.engine.events, report)
        self.memory = StepMemory(root / _FOLDER / "remembered", report)
        export = exporting(setup.environment.variables, self.title, self.mode, report)
        traces = _trace_store(root, settings)
        self.telemetry = Telemetry(settings.telemetry, traces, clock, self.logs, export, development=development)
        self.expiry.ended = self.telemetry.live.changed
        repeats = self.telemetry.tracer.repeats
        self.repeats = Repeats(self.engine.events, clock, repeats, settings.bus.max_event_bytes)
        self.catalog = Catalog()
        self._settings = settings

    def use(self, catalog: Catalog) -> None:
        """Has everything follow this catalog."""
        self.memory.keep(catalog)
        self.catalog = self.schemas.catalog = self.bus.catalog = self.streams.catalog = catalog
        self.queues.catalog = self.repeats.catalog = self.changes.catalog = catalog
        self.orphans.tell(catalog)
        self.telemetry.live.renewed()

    def hold(self) -> HeldWrites:
        """What takes the writes of one run of an atomic step."""
        limit = self._settings.bus
        return HeldWrites(self.engine, self.clock, self.expiry.expect, limit.max_held_writes, limit.max_held_bytes)

    def is_busy(self, queue: QueueKey) -> bool:
        """Whether a queue holds anything that is in flight, delayed or waiting."""
        found = (status for status in self.engine.events.status() if status.queue == queue)
        return any(status.waiting or status.delayed or status.in_flight for status in found)


def _engine(root: Path, settings: Settings, clock: Clock) -> Engine:
    if settings.storage.engine == "memory":
        return MemoryEngine(clock, settings.bus, settings.streams)
    return SqliteEngine(root / _FOLDER / "runtime.db", clock, settings.bus, settings.durability, settings.streams)


def _trace_store(root: Path, settings: Settings) -> TraceStore:
    if settings.storage.engine == "memory" or not settings.telemetry.enabled:
        return MemoryTraceStore()
    return SqliteTraceStore(root / _FOLDER / "traces.db")
