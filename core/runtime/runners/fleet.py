"""All runners of a project: one process for each language that has files in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from runtime._gen import runner_pb2 as pb
from runtime.catalog import Catalog, build_catalog
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.errors import ConfigFault, HostCallRefused
from runtime.model import Hook, Invocation, LogLevel, Manifest, Problem, ProjectConfig, Severity, StreamDefinition
from runtime.runners.discovery import find_files, unusable_files
from runtime.runners.hooks import RunnerHooks
from runtime.runners.hostcalls import HostCalls
from runtime.runners.included import unmatched_files
from runtime.runners.link import Link
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.pool import Pool
from runtime.runners.process import RunnerProcess
from runtime.runners.programs import plan_launch
from runtime.runners.projectconfig import LANGUAGES, config_files, load_config, refuse_unread, the_config
from runtime.runners.server import RunnerServer
from runtime.services.logs import LogService


class Fleet:
    """Finds the project's files, and runs their runners for the time of a context."""

    def __init__(
        self, root: Path, settings: Settings, environ: Mapping[str, str], host: HostCalls | None, logs: LogService
    ) -> None:
        """`environ` is the environment of the runners, `host` None where nothing will be invoked.

        Raises `RunnerFault` for a bad runner manifest.
        """
        self.pools: dict[str, Pool] = {}
        """By language, while the runners run."""
        installed = find_runners(root, settings)
        self._files = find_files(root, installed)
        self._unusable = unusable_files(root, installed)
        self._configs = config_files(root)
        needed = {LANGUAGES[file] for file in self._configs}
        needed.update(language for language, files in self._files.items() if files)
        self._installed = [runner for runner in installed if runner.manifest.language in needed]
        self._root = root
        self._settings = settings
        self._environ = environ
        self._host = host or _NoServices()
        self._logs = logs
        self.hooks = RunnerHooks(self.pools, settings.streams)
        """Asks the runners for the functions of configs."""
        self._server = RunnerServer(root / ".runtime" / "run")
        self._processes: dict[str, RunnerProcess] = {}

    @property
    def file_count(self) -> int:
        """Step and stream files that were found."""
        return sum(len(each.steps) + len(each.streams) for each in self._files.values())

    @asynccontextmanager
    async def running(self, grace: Grace) -> AsyncIterator[None]:
        """Keeps the runners running; at the end they may finish what runs, together, in what is left of the grace.

        Raises `RunnerFault`.
        """
        async with self._server.open(), anyio.create_task_group() as tasks:
            self._processes = {runner.manifest.language: self._process(runner) for runner in self._installed}
            for process in self._processes.values():
                tasks.start_soon(process.run)
            yield
            grace.begin()
            async with anyio.create_task_group() as stopping:
                for process in self._processes.values():
                    stopping.start_soon(process.stop, grace.left)
            tasks.cancel_scope.cancel()

    async def catalog(self, stop: anyio.Event) -> Catalog:
        """Waits until every language has loaded, and wires what is there; after a stop, what has loaded by then."""
        catalog = build_catalog(await self._manifests(stop), self._settings.validation)
        unmatched = await anyio.to_thread.run_sync(unmatched_files, self._root, catalog.steps)
        unheard = unheard_hooks(catalog, self.pools)
        return replace(catalog, problems=(*self._unusable, *catalog.problems, *unmatched, *unheard))

    async def config(self, stop: anyio.Event) -> ProjectConfig | None:
        """What the project's config file says, None without one, or after a stop; warns of what has no effect.

        To be asked when the catalog is there. Raises `ConfigFault`: with half of what it says nothing may start.
        """
        refuse_unread(self._root)
        file = the_config(self._configs, tuple(self._processes))
        if file is None:
            return None
        given_up = self._processes[LANGUAGES[file]].given_up
        if given_up is not None:
            raise ConfigFault(f"{file} cannot be loaded: {given_up.file} {given_up.message}", given_up.fix)
        seconds = self._settings.link.load_timeout
        loading = asyncio.ensure_future(load_config(file, self.hooks, seconds, partial(self._logs.core, LogLevel.WARN)))
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((loading, stopped), return_when=asyncio.FIRST_COMPLETED)
            return loading.result() if loading.done() else None
        finally:
            loading.cancel()
            stopped.cancel()

    async def _manifests(self, stop: anyio.Event) -> list[Manifest]:
        async with anyio.create_task_group() as waiting:

            async def manifests() -> None:
                await asyncio.gather(*(asyncio.shield(process.first_manifest) for process in self._processes.values()))
                waiting.cancel_scope.cancel()

            waiting.start_soon(manifests)
            await stop.wait()
            waiting.cancel_scope.cancel()
        return [
            process.first_manifest.result() for process in self._processes.values() if process.first_manifest.done()
        ]

    def _process(self, installed: InstalledRunner) -> RunnerProcess:
        language = installed.manifest.language
        pool = self.pools[language] = Pool()
        settings = self._settings

        def new_link() -> Link:
            limit = settings.runner(language).max_in_flight
            calls = self.hooks.places
            files = self._files[language]
            return Link(language, files, settings.link, limit, self._host, self._logs, pool.notify, calls)

        launch = plan_launch(installed, self._root, settings, self._environ)
        return RunnerProcess(launch, settings.link, self._server, pool, self._logs, new_link)


def unheard_hooks(catalog: Catalog, pools: Mapping[str, Pool]) -> list[Problem]:
    """A warning for each stream with functions that its runner cannot call; where that is canAccess, all are denied."""
    return [
        Problem(
            stream.file,
            f"the {stream.language} runner cannot call {_functions(stream)}"
            + (", so nobody may join the stream" if Hook.CAN_ACCESS in stream.hooks else ""),
            "define the stream in a language whose runner can",
            severity=Severity.WARNING,
        )
        for stream in catalog.streams.values()
        if stream.hooks and (link := pools[stream.language].live()) is not None and not link.answers_hooks
    ]


def _functions(stream: StreamDefinition) -> str:
    return " and ".join(sorted(hook.value for hook in stream.hooks))


class _NoServices(HostCalls):
    """Refuses all calls: nothing is invoked, so there is no handler that could make one."""

    def __init__(self) -> None:
        """Has no services to call."""

    def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> Awaitable[bytes]:
        raise HostCallRefused("the project is only being loaded")
