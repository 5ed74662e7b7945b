"""The composition root: builds every part, owns every task. Stop order is start order reversed."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import anyio

from runtime.catalog import Catalog, with_config
from runtime.clock import SystemClock
from runtime.config import ReloadSettings, Settings
from runtime.contracts import Clock, Engine, LogSink
from runtime.deadlines import Grace
from runtime.dispatcher import Dispatcher
from runtime.facts import Audience, Started
from runtime.model import LogLevel
from runtime.openfiles import allow_connections
from runtime.records import QueueKey
from runtime.reload.concern import named_files
from runtime.reload.reloader import Reloader
from runtime.reload.setup import Reading, Setup
from runtime.reload.watcher import watching
from runtime.runners.fleet import Fleet
from runtime.runners.hostcalls import HostCalls
from runtime.services.access import Access
from runtime.services.bus import BusService
from runtime.services.changes import ChangeService
from runtime.services.expiry import ExpiryService
from runtime.services.held import HeldWrites
from runtime.services.logs import LogService
from runtime.services.orphans import Orphans
from runtime.services.queues import QueueService
from runtime.services.remembered import StepMemory
from runtime.services.rooms import Rooms
from runtime.services.schemas import SchemaService
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.storage.memory.engine import MemoryEngine
from runtime.storage.sqlite.engine import SqliteEngine
from runtime.tasks import unless
from runtime.triggers.cors import cors_policy
from runtime.triggers.cron import CronScheduler
from runtime.triggers.events import EventConsumers
from runtime.triggers.http import HttpEdge
from runtime.web.callers import Hosts
from runtime.web.control.announcement import announced
from runtime.web.control.application import HARMLESS_PATHS, Controlled, control_app, tracing
from runtime.web.description import DOCS_PATH, OPENAPI_PATH, Description, docs_route, project_title
from runtime.web.front import front
from runtime.web.guard import Guard, control_token
from runtime.web.reads.application import Readable, Reads
from runtime.web.server import Application, http_server
from runtime.web.sockets.application import Sockets
from runtime.web.tls import server_context


class App:
    """One project, running."""

    def __init__(
        self,
        root: Path,
        setup: Setup,
        sink: LogSink,
        audience: Audience,
        reading: Reading | None = None,
        *,
        inspected: Mapping[str, int] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """With a `reading` it is development: changes are taken up, and the control routes are open to this
        machine's user; without it they need a configured token. `inspected` are languages with a debugger's port."""
        settings = setup.settings
        self._root = root
        self._setup = setup
        self._settings = settings
        self._audience = audience
        clock = clock or SystemClock()
        self._logs = LogService(sink, clock, LogLevel[settings.log.level.upper()])
        self._clock = clock
        self._engine = _engine(root, settings, clock)
        self._schemas = SchemaService(settings.validation, self._logs.core)
        self._changes = ChangeService(clock)
        self._expiry = ExpiryService(self._engine, self._changes, clock, self._logs.core)
        self._bus = BusService(self._engine.events, clock, settings.bus, self._logs.core, self._schemas)
        max_value = settings.state.max_value_bytes
        self._state = StateService(self._engine, self._changes, clock, max_value, self._expiry.expect)
        self._streams = StreamService(self._engine, self._changes, clock, max_value, self._schemas)
        self._texts = TextService(self._engine.texts, clock, settings.streams)
        self._queues = QueueService(self._engine.events, clock, settings.bus.max_event_bytes, self._schemas)
        self._orphans = Orphans(self._engine.events, self._logs.core)
        self._memory = StepMemory(root / ".runtime" / "remembered", self._logs.core)
        self._grace = Grace(settings.shutdown_grace)
        self._development = development = reading is not None
        self._token = control_token(settings.control, development=development)
        self._tls = server_context(settings.http.tls, root)
        self._scheme = "http" if self._tls is None else "https"
        host = HostCalls(self._bus, self._state, self._streams, self._texts)
        self._fleet = self._runners(host, inspected or {})
        dispatcher = Dispatcher(self._fleet.pools)
        self._description = Description(project_title(root))
        self._http = self._edge(dispatcher, sink)
        self._access = Access(self._fleet.hooks, self._logs.core, settings.streams)
        self._cors = cors_policy(settings.http.cors, development=development)
        self._hosts = Hosts(settings.control.allowed_hosts) if development else None
        rooms = Rooms(self._streams, clock, settings.streams)
        self._sockets = Sockets(rooms, self._access, self._allows, settings.streams, self._logs.core, self._hosts)
        self._reads = self._readers(rooms)
        self._consumers = EventConsumers(self._engine, dispatcher, clock, self._logs.core, self._hold)
        self._cron = CronScheduler(
            self._engine.cron, self._engine.events, clock, self._logs.core, settings.cron, self._is_busy
        )
        reading = reading or Reading(lambda: setup, _nothing)
        self._reloader = Reloader(
            self._fleet, setup, reading, audience, self._take_up, self._start_anew, self._logs.core
        )
        self._files = 0
        self._ending = anyio.Event()
        self._next: Setup | None = None

    @property
    def in_flight(self) -> int:
        """Runs that have not ended yet."""
        return sum(status.in_flight for status in self._fleet.status())

    async def run(self, listener: socket.socket, stop: anyio.Event, began: float | None = None) -> Setup | None:
        """Runs the project until `stop` is set or its settings have changed, then finishes what runs.

        Closes the listener. `began` is when its start began, by the clock of the loop; None is now. Gives the setup
        with which it is to be run again, None when that is not wanted. Raises `RuntimeFault` when it cannot start.
        """
        began = anyio.current_time() if began is None else began
        for warning in (*self._setup.environment.warnings, allow_connections(self._settings.streams.max_sockets)):
            if warning:
                self._logs.core(LogLevel.WARN, warning)
        async with AsyncExitStack() as resources:
            resources.enter_context(listener)
            await resources.enter_async_context(self._engine.open())
            await resources.enter_async_context(self._fleet.running(self._grace))
            changes = await resources.enter_async_context(self._watching())
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._follow, stop)
                catalog = await unless(stop, self._load)
                if catalog is not None:
                    await self._serve(catalog, changes, listener, began)
                tasks.cancel_scope.cancel()
        return None if stop.is_set() else self._next

    async def _follow(self, stop: anyio.Event) -> None:
        """The end of everything is the end of this run as well."""
        await stop.wait()
        self._ending.set()

    def _watching(self) -> AbstractAsyncContextManager[AsyncIterator[frozenset[str]]]:
        """The changes of files from entering on; there are none where it is not development."""
        settings = self._settings.reload if self._development else ReloadSettings(watch="off")
        report = partial(self._logs.core, LogLevel.WARN)
        named = named_files(self._fleet.installed)
        variables = self._setup.environment.variables
        return watching(self._root, settings, variables, named, self._reloader.is_watched, report)

    async def _load(self) -> Catalog:
        """Loads the whole project and puts it into use."""
        self._memory.read()
        async with self._fleet.renewal() as candidate:
            catalog = with_config(await candidate.catalog(), await candidate.config(None))
            candidate.take_over()
            self._files = candidate.file_count
        return self._use(catalog)

    def _runners(self, host: HostCalls, inspected: Mapping[str, int]) -> Fleet:
        memory, variables = self._memory, self._setup.environment.variables
        return Fleet(
            self._root,
            self._settings,
            variables,
            host,
            self._logs,
            inspected=inspected,
            remembered=lambda: memory.remembered,
        )

    def _edge(self, dispatcher: Dispatcher, sink: LogSink) -> HttpEdge:
        settings = self._settings.http
        log = self._settings.log
        are_wanted = self._development and log.level in ("debug", "info")
        are_told = are_wanted if log.requests is None else log.requests
        return HttpEdge(
            dispatcher,
            self._logs.core,
            settings,
            development=self._development,
            schemas=self._schemas,
            builtin={OPENAPI_PATH: self._description.answer} if settings.openapi else {},
            told=sink.request if are_told else None,
        )

    def _readers(self, rooms: Rooms) -> Reads:
        return Reads(
            Readable(self._streams, rooms, self._texts),
            self._access,
            self._clock,
            self._settings.streams,
            self._logs.core,
            origins=self._cors,
            hosts=self._hosts,
        )

    def _use(self, catalog: Catalog) -> Catalog:
        """Puts the catalog into use."""
        self._memory.keep(catalog)
        self._schemas.catalog = self._bus.catalog = self._streams.catalog = self._queues.catalog = catalog
        self._changes.catalog = self._access.catalog = self._sockets.catalog = catalog
        self._access.config = catalog.config
        self._http.use(catalog)
        self._description.use(catalog)
        self._orphans.tell(catalog)
        return catalog

    def _hold(self) -> HeldWrites:
        limit = self._settings.bus
        return HeldWrites(self._engine, self._clock, self._expiry.expect, limit.max_held_writes, limit.max_held_bytes)

    def _allows(self, origin: str) -> bool:
        return self._cors is not None and self._cors.allows(origin)

    def _is_busy(self, queue: QueueKey) -> bool:
        found = (status for status in self._engine.events.status() if status.queue == queue)
        return any(status.waiting or status.delayed or status.in_flight for status in found)

    async def _serve(
        self, catalog: Catalog, changes: AsyncIterator[frozenset[str]], listener: socket.socket, began: float
    ) -> None:
        """Runs the triggers; returns when the last invocation that they began has ended or the grace is over."""
        stop = self._ending
        server = http_server(self._settings.http, self._application(), self._tls, self._settings.streams)
        host, port = listener.getsockname()[:2]
        token = self._token if self._development else None
        with announced(self._root, host, port, token, self._scheme):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._consumers.run, catalog, stop)
                tasks.start_soon(self._cron.run, catalog, stop)
                tasks.start_soon(server.serve, listener, stop, self._settings.shutdown_grace)
                async with anyio.create_task_group() as sweeps:
                    sweeps.start_soon(self._expiry.run)
                    sweeps.start_soon(self._texts.run, self._logs.core)
                    sweeps.start_soon(self._reloader.run, catalog, changes)
                    seconds = anyio.current_time() - began
                    self._audience.started(Started(catalog, host, port, self._files, self._scheme, seconds))
                    await stop.wait()
                    sweeps.cancel_scope.cancel()
                self._reads.stop()
                self._grace.begin()
                tasks.cancel_scope.deadline = anyio.current_time() + self._grace.left
            await self._sockets.finish(self._grace.left)

    def _start_anew(self, setup: Setup) -> None:
        """Ends this run, for one with another setup."""
        self._next = setup
        self._ending.set()

    def _take_up(self, catalog: Catalog) -> None:
        """Puts another catalog into use while everything runs."""
        self._use(catalog)
        self._consumers.use(catalog)
        self._cron.use(catalog)

    def _application(self) -> Application:
        """All that answers on the HTTP port."""
        wanted = self._settings.streams.http_reads
        are_served = self._development if wanted is None else wanted
        return front(self._http, self._sockets, self._reads if are_served else None, self._control())

    def _control(self) -> Application | None:
        """The control routes behind their guard, None where there is no token for them."""
        if self._token is None:
            return None
        pages = [docs_route()] if self._development else []
        controlled = Controlled(self._bus, self._queues, self._cron, self._state, self._fleet.status)
        api = control_app(controlled, self._logs.core, self._settings.http.max_body_bytes, pages)
        harmless = (*HARMLESS_PATHS, DOCS_PATH) if self._development else ()
        return tracing(Guard(api, self._token, self._settings.control.allowed_hosts, harmless))


def _engine(root: Path, settings: Settings, clock: Clock) -> Engine:
    if settings.storage.engine == "memory":
        return MemoryEngine(clock, settings.bus, settings.streams)
    path = root / ".runtime" / "runtime.db"
    return SqliteEngine(path, clock, settings.bus, settings.durability, settings.streams)


async def _nothing(setup: Setup) -> frozenset[str]:
    """Installs no packages."""
    return frozenset()
