"""The composition root: builds every part, owns every task. Stop order is start order reversed."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import anyio

from runtime import __version__
from runtime.catalog import Catalog, with_config
from runtime.clock import SystemClock
from runtime.config import ReloadSettings
from runtime.contracts import Clock, LogSink
from runtime.deadlines import Grace
from runtime.dispatcher import Dispatcher
from runtime.facts import Audience, Started
from runtime.model import LogLevel
from runtime.openfiles import allow_connections
from runtime.parts import Parts
from runtime.reload.concern import named_files
from runtime.reload.reloader import Reloader
from runtime.reload.setup import Reading, Setup
from runtime.reload.watcher import watching
from runtime.runners.fleet import Fleet
from runtime.runners.hostcalls import HostCalls
from runtime.services.access import Access
from runtime.services.rooms import Rooms
from runtime.tasks import unless
from runtime.triggers.cors import cors_policy
from runtime.triggers.cron import CronScheduler
from runtime.triggers.events import EventConsumers
from runtime.triggers.http import HttpEdge
from runtime.web.callers import Hosts
from runtime.web.control.announcement import announced
from runtime.web.control.application import HARMLESS_PATHS, Controlled, control_app, tracing
from runtime.web.control.project import Project
from runtime.web.description import DOCS_PATH, OPENAPI_PATH, Description, docs_route
from runtime.web.exposition import Counted
from runtime.web.front import Front
from runtime.web.guard import Guard, control_token
from runtime.web.health import Health
from runtime.web.probes import probes
from runtime.web.reads.application import Readable, Reads
from runtime.web.server import Application, http_server
from runtime.web.sockets.application import Sockets
from runtime.web.tls import server_context
from runtime.web.workbench import WORKBENCH_PATH, workbench


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
        self._development = development = reading is not None
        self._parts = parts = Parts(root, setup, sink, clock or SystemClock(), development=development)
        self._grace = Grace(settings.shutdown_grace)
        self._token = control_token(settings.control, development=development)
        self._tls = server_context(settings.http.tls, root)
        self._scheme = "http" if self._tls is None else "https"
        self._fleet = self._runners(inspected or {})
        dispatcher = Dispatcher(self._fleet.pools)
        report, tracer = parts.logs.core, parts.telemetry.tracer
        self._description = Description(parts.title)
        self._http = self._edge(dispatcher, sink)
        self._access = Access(self._fleet.hooks, report, settings.streams)
        self._cors = cors_policy(settings.http.cors, development=development)
        self._hosts = Hosts(settings.control.allowed_hosts) if development else None
        rooms = Rooms(parts.streams, parts.clock, settings.streams)
        self._sockets = Sockets(rooms, self._access, self._allows, settings.streams, report, self._hosts)
        self._reads = self._readers(rooms)
        self._consumers = EventConsumers(parts.engine, dispatcher, parts.clock, report, parts.hold, tracer)
        engine = parts.engine
        self._cron = CronScheduler(engine.cron, engine.events, parts.clock, report, settings.cron, parts.is_busy)
        reading = reading or Reading(lambda: setup, _nothing)
        self._reloader = Reloader(self._fleet, setup, reading, audience, self._take_up, self._start_anew, report)
        self._reloader.on_drawn = parts.telemetry.live.renewed
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
                self._parts.logs.core(LogLevel.WARN, warning)
        async with AsyncExitStack() as resources:
            resources.enter_context(listener)
            await resources.enter_async_context(self._parts.engine.open())
            await resources.enter_async_context(self._parts.telemetry.open(lambda: self._grace.left))
            await resources.enter_async_context(self._fleet.running(self._grace))
            changes = await resources.enter_async_context(self._watching())
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._follow, stop)
                tasks.start_soon(self._parts.telemetry.run)
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
        report = partial(self._parts.logs.core, LogLevel.WARN)
        named = named_files(self._fleet.installed)
        variables = self._setup.environment.variables
        return watching(self._root, settings, variables, named, self._reloader.is_watched, report)

    async def _load(self) -> Catalog:
        """Loads the whole project and puts it into use."""
        self._parts.memory.read()
        async with self._fleet.renewal() as candidate:
            catalog = with_config(await candidate.catalog(), await candidate.config(None))
            candidate.take_over()
            self._files = candidate.file_count
        return self._use(catalog)

    def _runners(self, inspected: Mapping[str, int]) -> Fleet:
        parts, variables = self._parts, self._setup.environment.variables
        host = HostCalls(parts.bus, parts.state, parts.streams, parts.texts, parts.telemetry.tracer.did)
        return Fleet(
            self._root,
            self._settings,
            variables,
            host,
            parts.logs,
            inspected=inspected,
            remembered=lambda: parts.memory.remembered,
        )

    def _edge(self, dispatcher: Dispatcher, sink: LogSink) -> HttpEdge:
        settings = self._settings.http
        log = self._settings.log
        are_wanted = self._development and log.level in ("debug", "info")
        are_told = are_wanted if log.requests is None else log.requests
        return HttpEdge(
            dispatcher,
            self._parts.logs.core,
            settings,
            development=self._development,
            schemas=self._parts.schemas,
            tracer=self._parts.telemetry.tracer,
            builtin={OPENAPI_PATH: self._description.answer} if settings.openapi else {},
            landing=WORKBENCH_PATH if self._development and self._token is not None else "",
            told=sink.request if are_told else None,
        )

    def _readers(self, rooms: Rooms) -> Reads:
        return Reads(
            Readable(self._parts.streams, rooms, self._parts.texts),
            self._access,
            self._parts.clock,
            self._settings.streams,
            self._parts.logs.core,
            origins=self._cors,
            hosts=self._hosts,
        )

    def _use(self, catalog: Catalog) -> Catalog:
        """Puts the catalog into use."""
        self._parts.use(catalog)
        self._access.catalog = self._sockets.catalog = catalog
        self._access.config = catalog.config
        self._http.use(catalog)
        self._description.use(catalog)
        return catalog

    def _allows(self, origin: str) -> bool:
        return self._cors is not None and self._cors.allows(origin)

    async def _serve(
        self, catalog: Catalog, changes: AsyncIterator[frozenset[str]], listener: socket.socket, began: float
    ) -> None:
        """Runs the triggers; returns when the last invocation that they began has ended or the grace is over."""
        stop = self._ending
        front = self._front()
        server = http_server(self._settings.http, front, self._tls, self._settings.streams, front.at_once)
        host, port = listener.getsockname()[:2]
        token = self._token if self._development else None
        with announced(self._root, host, port, token, self._scheme):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._consumers.run, catalog, stop)
                tasks.start_soon(self._cron.run, catalog, stop)
                tasks.start_soon(server.serve, listener, stop, self._settings.shutdown_grace)
                async with anyio.create_task_group() as sweeps:
                    sweeps.start_soon(self._parts.expiry.run)
                    sweeps.start_soon(self._parts.texts.run, self._parts.logs.core)
                    sweeps.start_soon(self._reloader.run, catalog, changes)
                    seconds = anyio.current_time() - began
                    if self._token is None:
                        why = "the control routes, the Workbench and `runtime` commands for this project are off"
                        self._parts.logs.core(LogLevel.INFO, f"{why}; control.token in runtime.yaml opens them")
                    self._audience.started(Started(catalog, host, port, self._files, self._scheme, seconds))
                    await stop.wait()
                    sweeps.cancel_scope.cancel()
                self._reads.stop()
                self._parts.telemetry.live.stop()
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

    def _front(self) -> Front:
        """All that answers on the HTTP port."""
        wanted = self._settings.streams.http_reads
        are_served = self._development if wanted is None else wanted
        reads = self._reads if are_served else None
        probes, edge = self._probes(), self._http
        return Front(edge, self._sockets, reads, self._control(), probes, edge.has, edge.at_once)

    def _probes(self) -> Mapping[str, Application]:
        """What load balancers and monitoring ask for."""
        wanted = self._settings.telemetry.metrics
        tracer, state = self._parts.telemetry.tracer, self._parts.engine.state
        health = Health(
            lambda: {step.language for step in self._parts.catalog.steps},
            self._fleet.status,
            state,
            self._ending.is_set,
        )
        counted = Counted(
            self._parts.telemetry.metrics,
            self._parts.queues.overview,
            self._fleet.status,
            lambda: self._sockets.count,
            lambda: tracer.lost,
            self._parts.telemetry.unsent,
        )
        is_open = self._development if wanted is None else wanted
        return probes(health, counted, self._token, self._settings.control.allowed_hosts, is_open=is_open)

    def _project(self) -> Project:
        """What the Workbench shows of the project."""
        parts, reloader = self._parts, self._reloader
        return Project(
            self._root, parts.title, __version__, parts.mode, lambda: parts.catalog, reloader.held, reloader.sources
        )

    def _control(self) -> Application | None:
        """The control routes behind their guard, None where there is no token for them."""
        if self._token is None:
            return None
        # In production whose connection it is says nothing: a proxy may run as our user.
        pages = workbench(self._token if self._development else None).routes()
        pages += [docs_route()] if self._development else []
        parts = self._parts
        controlled = Controlled(
            parts.bus,
            parts.queues,
            self._cron,
            parts.state,
            parts.streams,
            self._fleet.status,
            parts.telemetry,
            parts.repeats,
            self._http,
            self._project(),
            self._fleet.hooks.node,
        )
        api = control_app(controlled, self._parts.logs.core, self._settings.http.max_body_bytes, pages)
        files = (WORKBENCH_PATH, WORKBENCH_PATH.rstrip("/"))
        harmless = (*files, *HARMLESS_PATHS, DOCS_PATH) if self._development else files
        return tracing(Guard(api, self._token, self._settings.control.allowed_hosts, harmless, self._sockets))


async def _nothing(setup: Setup) -> frozenset[str]:
    """Installs no packages."""
    return frozenset()
