"""The composition root: builds every part, owns every task. Stop order is start order reversed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio

from runtime.catalog import Catalog, build_catalog
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.contracts import Clock, LogSink
from runtime.dispatcher import Dispatcher
from runtime.model import LogLevel
from runtime.runners.discovery import LanguageFiles, find_files
from runtime.runners.hostcalls import HostCalls
from runtime.runners.link import Link
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.pool import Pool
from runtime.runners.process import Launch, RunnerProcess
from runtime.runners.programs import find_programs
from runtime.runners.server import RunnerServer
from runtime.services.bus import BusService
from runtime.services.logs import LogService
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.storage.memory.cron import MemoryCronLock
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore
from runtime.triggers.cron import CronScheduler
from runtime.triggers.events import EventConsumers
from runtime.triggers.http import HttpEdge
from runtime.web.server import http_server, listen


@dataclass(frozen=True, slots=True)
class Started:
    """What `on_started` is told: what was loaded, and where it answers."""

    catalog: Catalog
    host: str
    port: int


class App:
    """One project, running."""

    def __init__(self, root: Path, settings: Settings, sink: LogSink, clock: Clock | None = None) -> None:
        self._root = root
        self._settings = settings
        clock = clock or SystemClock()
        self._logs = LogService(sink, clock, LogLevel[settings.log.level.upper()])
        self._bus_engine = MemoryEventBus(clock, settings.bus.max_queue_length, settings.bus.max_dead_letters)
        self._bus = BusService(self._bus_engine, clock, settings.bus.max_event_bytes, self._logs.core)
        self._streams = StreamService(MemoryStreamStore(), clock, settings.state.max_value_bytes)
        state = StateService(MemoryStateStore(), settings.state.max_value_bytes)
        self._host = HostCalls(self._bus, state, self._streams)
        self._server = RunnerServer(root / ".runtime" / "run")
        self._pools: dict[str, Pool] = {}
        dispatcher = Dispatcher(self._pools)
        self._http = HttpEdge(dispatcher, self._logs.core, settings.http)
        self._consumers = EventConsumers(self._bus_engine, dispatcher, clock, self._logs.core)
        self._cron = CronScheduler(MemoryCronLock(), dispatcher, clock, self._logs.core, settings.cron.timezone)

    async def run(self, stop: anyio.Event, on_started: Callable[[Started], None]) -> None:
        """Runs the project until `stop` is set, then finishes what runs. Raises `RuntimeFault` when it cannot start."""
        installed = find_runners(self._root, self._settings)
        files = find_files(self._root, installed)
        listener = listen(self._settings.http)
        async with AsyncExitStack() as resources:
            resources.enter_context(listener)
            await resources.enter_async_context(self._bus_engine.open())
            await resources.enter_async_context(self._server.open())
            async with anyio.create_task_group() as tasks:
                runners = [self._runner(runner, files) for runner in installed if files[runner.manifest.language]]
                for runner in runners:
                    tasks.start_soon(runner.run)
                catalog = await self._load(runners, stop)
                if not stop.is_set():
                    address = listener.getsockname()
                    await self._serve(catalog, listener, stop, lambda: on_started(Started(catalog, *address[:2])))
                for runner in reversed(runners):
                    await runner.stop(self._settings.shutdown_grace)
                tasks.cancel_scope.cancel()

    async def _load(self, runners: list[RunnerProcess], stop: anyio.Event) -> Catalog:
        """Waits for every language's manifest, unless a stop comes first, and puts the catalog into use."""
        async with anyio.create_task_group() as waiting:

            async def manifests() -> None:
                await asyncio.gather(*(asyncio.shield(runner.first_manifest) for runner in runners))
                waiting.cancel_scope.cancel()

            waiting.start_soon(manifests)
            await stop.wait()
            waiting.cancel_scope.cancel()
        loaded = [runner.first_manifest.result() for runner in runners if runner.first_manifest.done()]
        catalog = build_catalog(loaded)
        self._bus.catalog = self._streams.catalog = catalog
        self._http.use(catalog)
        return catalog

    async def _serve(
        self, catalog: Catalog, listener: socket.socket, stop: anyio.Event, on_started: Callable[[], None]
    ) -> None:
        """Runs the triggers; returns when the last invocation that they began has ended or the grace is over."""
        grace = self._settings.shutdown_grace
        server = http_server(self._settings.http, self._http)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._consumers.run, catalog, stop)
            tasks.start_soon(self._cron.run, catalog, stop)
            tasks.start_soon(server.serve, listener, stop, grace)
            on_started()
            await stop.wait()
            tasks.cancel_scope.deadline = anyio.current_time() + grace

    def _runner(self, installed: InstalledRunner, files: dict[str, LanguageFiles]) -> RunnerProcess:
        language = installed.manifest.language
        pool = self._pools[language] = Pool()
        cache = self._root / ".runtime" / "cache" / language
        cache.mkdir(parents=True, exist_ok=True)
        link_settings = self._settings.link

        def new_link() -> Link:
            limit = self._settings.runner(language).max_in_flight
            return Link(language, files[language], link_settings, limit, self._host, self._logs, pool.notify)

        launch = Launch(language, tuple(installed.command(find_programs(self._settings))), self._root, cache)
        return RunnerProcess(launch, link_settings, self._server, pool, self._logs, new_link)
