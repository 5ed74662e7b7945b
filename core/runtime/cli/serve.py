"""What `dev` and `start` have in common: settings, the port, signals, exit codes."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import typer

from runtime.allocator import collect_less_often, keep_freed_memory
from runtime.app import App
from runtime.cli.console import print_fault
from runtime.cli.elapsed import process_start
from runtime.cli.inspecting import inspected as ports_of
from runtime.cli.loop import run
from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED
from runtime.cli.second import refuse_second
from runtime.cli.signals import farewell, watch_signals
from runtime.cli.terminal import Presenter, presenter_of
from runtime.cli.typefiles import TypeFiles, write_missing
from runtime.config import DEV_PORTS
from runtime.configfile import load_settings
from runtime.environment import project_environment
from runtime.errors import RuntimeFault
from runtime.facts import Audience, Held, Renewed, Started
from runtime.reload.setup import Reading, Setup
from runtime.runners.manifest import find_runners
from runtime.runners.packages.upkeep import Project, install_outdated
from runtime.tasks import unless
from runtime.web.server import listen
from runtime.web.tls import server_context


@dataclass(frozen=True, slots=True)
class Command:
    """What the command line says; None where it says nothing."""

    development: bool
    port: int | None = None
    host: str | None = None
    debug: bool = False
    installs: bool = True
    """Whether `dev` may install missing packages."""
    inspect: tuple[str, ...] = ()
    """Languages that run with a debugger: `node`, `python=5679`."""


def serve(command: Command) -> None:
    """Runs the project in the working directory until a signal stops it."""
    keep_freed_memory()
    collect_less_often()
    try:
        finished = run(_run, command)
    except RuntimeFault as fault:
        print_fault(fault)
        raise typer.Exit(EXIT_FAULT) from fault
    except KeyboardInterrupt as interrupt:  # before the signals are watched
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt
    if not finished:
        raise typer.Exit(EXIT_INTERRUPTED)


def read_setup(root: Path, command: Command) -> Setup:
    """The project's settings with the command line's words on top, and its variables. Raises `RuntimeFault`."""
    environment = project_environment(root, os.environ, development=command.development)
    settings = load_settings(root, environment.variables)
    http = {name: value for name, value in (("port", command.port), ("host", command.host)) if value is not None}
    log = {"level": "debug"} if command.debug else {}
    changed = {"http": settings.http.model_copy(update=http), "log": settings.log.model_copy(update=log)}
    return Setup(settings.model_copy(update=changed), environment)


async def _run(command: Command) -> bool:
    """True after an orderly end; false when a second signal cut it short."""
    stop = anyio.Event()
    serving = _Serving(Path.cwd(), command)
    with anyio.CancelScope() as everything:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_signals, stop, everything, serving.say_farewell)
            await serving.run(stop)
            tasks.cancel_scope.cancel()
    return not everything.cancelled_caught


class _Serving:
    """Serves the project, and anew with other settings when those have changed."""

    def __init__(self, root: Path, command: Command) -> None:
        self._root = root
        self._command = command
        self._presenter: Presenter | None = None
        self._app: App | None = None
        self._listener: socket.socket | None = None
        self._address: tuple[str, int] | None = None

    def say_farewell(self) -> None:
        """Tells the person who has asked for the end what is still waited for."""
        if self._presenter is not None:
            self._presenter.progressed(farewell(self._app.in_flight if self._app is not None else 0))

    async def run(self, stop: anyio.Event) -> None:
        """Serves until `stop` is set. Raises `RuntimeFault` when it cannot."""
        wanted: Setup | None = (first := read_setup(self._root, self._command))
        if first.settings.storage.engine != "memory":
            refuse_second(self._root)
        began: float | None = process_start()
        development = self._command.development
        try:
            while wanted is not None:
                inspected = ports_of(self._command.inspect, find_runners(self._root, wanted.settings))
                with presenter_of(
                    self._root, wanted.settings, development=development, inspected=inspected
                ) as presenter:
                    self._presenter = presenter
                    wanted = await self._serve(wanted, self._listen(wanted), presenter, stop, inspected, began)
                began = None
        finally:
            if self._listener is not None:
                self._listener.close()

    async def _serve(
        self,
        setup: Setup,
        listener: socket.socket,
        presenter: Presenter,
        stop: anyio.Event,
        inspected: Mapping[str, int],
        began: float | None,
    ) -> Setup | None:
        """Serves with this setup; gives the one to serve with from then on, None for the end."""
        development = self._command.development
        types = TypeFiles(self._root, setup.settings, presenter.progressed)
        audience: Audience = _WithTypes(presenter, types) if development else presenter
        reading = Reading(self._reread, self._install) if development else None
        if development:
            await unless(stop, partial(self._install, setup))
            write_missing(self._root)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(types.run)
            self._app = App(self._root, setup, presenter, audience, reading, inspected=inspected)
            following = await self._app.run(listener, stop, began)
            tasks.cancel_scope.cancel()
        return following

    def _reread(self) -> Setup:
        """The setup as it is now, tried as far as it can be beside the one that serves. Raises `RuntimeFault`."""
        setup = read_setup(self._root, self._command)
        server_context(setup.settings.http.tls, self._root)
        ports_of(self._command.inspect, find_runners(self._root, setup.settings))
        self._listen(setup).close()
        return setup

    def _listen(self, setup: Setup) -> socket.socket:
        """A listener of one's own at the setup's address; that of the last address stays open beside it.

        Requests that come between two ways of serving wait in its backlog.
        """
        if self._listener is None or self._address != _address(setup):
            tries = DEV_PORTS if self._command.development else 1
            say = self._presenter.progressed if self._presenter is not None else None
            former, self._listener = self._listener, listen(setup.settings.http, tries, say)
            self._address = _address(setup)
            if former is not None:
                former.close()
        return self._listener.dup()

    async def _install(self, setup: Setup) -> frozenset[str]:
        """Installs what packages are missing, as far as that is wanted; gives the languages that have new ones."""
        if not self._command.installs or self._presenter is None:
            return frozenset()
        settings, variables = setup.settings, setup.environment.variables
        project = Project(self._root, settings, variables, find_runners(self._root, settings))
        return await install_outdated(project, self._presenter.progressed)


class _WithTypes:
    """An audience that has the types of what serves written as well."""

    def __init__(self, audience: Audience, types: TypeFiles) -> None:
        self._audience = audience
        self._types = types

    def started(self, fact: Started) -> None:
        """The project serves."""
        self._audience.started(fact)
        self._types.use(fact.catalog)

    def renewed(self, fact: Renewed) -> None:
        """Changed code serves."""
        self._audience.renewed(fact)
        self._types.use(fact.catalog)

    def held(self, fact: Held) -> None:
        """Changed code does not serve."""
        self._audience.held(fact)

    def progressed(self, message: str) -> None:
        """Something that takes long has begun."""
        self._audience.progressed(message)


def _address(setup: Setup) -> tuple[str, int]:
    return setup.settings.http.host, setup.settings.http.port
