"""One language: the generation that serves, those that finish, and the process that stands ready for the next."""

from __future__ import annotations

import asyncio
import fnmatch
import itertools
from collections.abc import Mapping
from typing import Protocol

import anyio
from anyio.abc import TaskGroup

from runtime.config import Settings
from runtime.model import LogLevel, RunnerStatus
from runtime.runners.discovery import LanguageFiles
from runtime.runners.generation import Generation
from runtime.runners.inspector import Inspector, dismiss, free_port
from runtime.runners.link import Link
from runtime.runners.manifest import InstalledRunner
from runtime.runners.pool import Pool
from runtime.runners.process import KILL_AFTER, RunnerProcess
from runtime.runners.programs import Launch, under_inspection
from runtime.runners.server import RunnerServer
from runtime.runners.sources import Sources
from runtime.services.logs import LogService

_DISMISSAL_SECONDS = 1.0


class Owner(Protocol):
    """Who knows the project, and wants to know of its languages."""

    def new_link(self, language: str) -> Link:
        """A connection to a process that is to be started."""

    async def files(self, language: str) -> LanguageFiles:
        """What there is to load now."""

    def changed(self, language: str) -> None:
        """The language serves other code without a renewal."""

    def outdated(self, language: str) -> None:
        """The language serves code that is not on disk any more."""


class Supervisor:
    """Owns all processes of a language, for the time that its task group is open."""

    def __init__(
        self,
        installed: InstalledRunner,
        settings: Settings,
        server: RunnerServer,
        pool: Pool,
        logs: LogService,
        owner: Owner,
        inspector: Inspector | None = None,
    ) -> None:
        """`pool` gets the links that serve."""
        self.language = installed.manifest.language
        self.serving: Generation | None = None
        """None before the first has taken over, and while the project has no files of the language."""
        self.installed = installed
        self._settings = settings
        self._server = server
        self._pool = pool
        self._logs = logs
        self._owner = owner
        self._inspector = inspector
        self._environ: Mapping[str, str] = {}
        self._coming: list[Generation] = []
        self._is_drained = asyncio.Event()
        self._draining: list[Generation] = []
        """The oldest first."""
        self._spare: RunnerProcess | None = None
        self._processes: set[RunnerProcess] = set()
        """All that have not ended yet."""
        self._generations = itertools.count(1)
        self._starts = itertools.count(1)
        self._notice = ""
        self._tasks: TaskGroup

    # ------------------------------------------------------------ generations

    def open(self, tasks: TaskGroup) -> None:
        """Has its work done in this task group."""
        self._tasks = tasks

    async def stop(self, grace: float) -> None:
        """Lets what runs finish, for at most the grace (seconds); all else ends at once."""
        self.end_spare()
        for generation in self._coming:
            generation.kill()
        former, self.serving = self.serving, None
        if former is not None:
            former.drain(grace)
            self._draining.append(former)
        with anyio.move_on_after(grace + KILL_AFTER):
            for process in tuple(self._processes):
                await process.ended.wait()

    async def room(self) -> None:
        """Waits until no more generations are finishing than may: none is cut off for the sake of the next."""
        while len(self._draining) >= self._settings.reload.max_draining:
            self._is_drained.clear()
            await self._is_drained.wait()

    def begin(self, launch: Launch, environ: Mapping[str, str], files: LanguageFiles) -> Generation:
        """Starts the next generation, which serves once it takes over."""
        self._environ = environ
        self._tell(launch.notice)
        inspected = self._inspector is not None
        processes = 1 if inspected else self._settings.runner(self.language).processes
        spare, self._spare = self._spare, None
        if spare is not None and (spare.ending is not None or spare.launch != launch):
            spare.kill()
            spare = None
        sources = Sources(launch.root, self._is_source, self._imported())
        generation = Generation(
            next(self._generations), launch, files, processes, sources, self._settings.link, self._logs, self, spare
        )
        self._coming.append(generation)
        self._tasks.start_soon(self._run, generation)
        return generation

    def _is_source(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        patterns = self.installed.manifest.source_files
        return (
            self.installed.takes_step(name)
            or self.installed.takes_stream(name)
            or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        )

    def _imported(self) -> frozenset[str]:
        """What the steps have imported that serve."""
        if self.serving is None:
            return frozenset()
        manifest = self.serving.manifest
        return frozenset(path for entry in (*manifest.steps, *manifest.streams) for path in entry.imports)

    def abandon(self, generation: Generation) -> None:
        """Ends a generation that has not taken over; without effect on one that has."""
        if generation in self._coming:
            generation.kill()
            self._coming.remove(generation)

    def take_over(self, generation: Generation | None) -> None:
        """Has this one serve, None for none, and the one before finish what runs: in one turn of the event loop."""
        former, self.serving = self.serving, generation
        if generation is None:
            self.end_spare()
            self._pool.use(())
            self._pool.give_up("the project has no files of the language")
        else:
            self._coming.remove(generation)
            self._pool.use(generation.links.links)
            if generation.given_up is not None:
                self._pool.give_up(generation.given_up.message)
            if generation.is_outdated:
                self._owner.outdated(self.language)
        self._point()
        if former is not None and not former.ended.is_set():
            self._drain(former)

    def _drain(self, generation: Generation) -> None:
        generation.drain(self._settings.reload.drain_grace)
        self._draining.append(generation)

    async def _run(self, generation: Generation) -> None:
        await generation.run()
        if generation in self._draining:
            self._draining.remove(generation)
            self._is_drained.set()

    def status(self) -> list[RunnerStatus]:
        """Its processes, those that serve first."""
        statuses = self.serving.status("serving") if self.serving is not None else []
        for generation in self._coming:
            statuses += generation.status("loading")
        for generation in self._draining:
            statuses += generation.status("draining")
        spare = self._spare
        if spare is not None and spare.ending is None:
            statuses.append(RunnerStatus(self.language, 0, spare.pid, 0, "spare", 0, None, None, 0, spare.since))
        return statuses

    # ------------------------------------------------------------ the process that stands ready

    def keep_spare(self, launch: Launch) -> None:
        """Has a process stand ready, which the next generation takes if it is to be started in the same way.

        Where people debug there is none: they would find two debuggers.
        """
        is_wanted = self.installed.manifest.reload == "process" and self._inspector is None
        if not is_wanted or self.serving is None or launch.fault():
            return
        if self._spare is None or self._spare.ending is not None or self._spare.launch != launch:
            self.end_spare()
            self._spare = self.start(launch)

    def end_spare(self) -> None:
        """Ends the process that stands ready."""
        if self._spare is not None:
            self._spare.kill()
            self._spare = None

    # ------------------------------------------------------------ for its generations

    def start(self, launch: Launch) -> RunnerProcess:
        """Starts a process, which waits to be told what to load."""
        port = 0
        started = launch
        if self._inspector is not None:
            port = free_port()
            started = under_inspection(launch, self.installed, self._settings, self._environ, port)
        process = RunnerProcess(
            launch,
            started.command,
            next(self._starts),
            self._owner.new_link(self.language),
            self._settings.link,
            self._server,
            self._logs,
            debug_port=port,
        )
        self._processes.add(process)
        self._tasks.start_soon(self._live, process)
        return process

    async def _live(self, process: RunnerProcess) -> None:
        try:
            await process.run()
        finally:
            self._processes.discard(process)
        if process.debug_port:
            with anyio.move_on_after(_DISMISSAL_SECONDS, shield=True):
                await dismiss(process.debug_port)

    async def files(self) -> LanguageFiles:
        """What there is to load now."""
        return await self._owner.files(self.language)

    def loaded(self, generation: Generation, process: RunnerProcess, *, is_changed: bool) -> None:
        """Takes a process of the serving generation into service."""
        if generation is self.serving:
            self._pool.add(process.link)
            self._point()
            if is_changed:
                self._owner.changed(self.language)

    def outdated(self, generation: Generation) -> None:
        """Tells that the code on disk is not what serves."""
        if generation is self.serving:
            self._owner.outdated(self.language)

    def lost(self, generation: Generation, process: RunnerProcess) -> None:
        """Takes a process that has ended out of service."""
        self._pool.remove(process.link)
        if generation is self.serving:
            self._point()

    def lost_hope(self, generation: Generation) -> None:
        """Tells those who wait for the language that nothing comes any more."""
        if generation is self.serving and generation.given_up is not None:
            self._pool.give_up(generation.given_up.message)

    def _point(self) -> None:
        """Leads people to the debugger of the code that serves."""
        if self._inspector is not None:
            self._inspector.point_at(self.serving.debug_port if self.serving is not None else None)

    def _tell(self, notice: str) -> None:
        if notice and notice != self._notice:
            self._logs.core(LogLevel.WARN, f"{notice} and is passed over; run `runtime install` to make it one")
        self._notice = notice
