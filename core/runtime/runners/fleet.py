"""All runners of a project: one process for each language that has files in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread

from runtime._gen import runner_pb2 as pb
from runtime.catalog import Catalog, build_catalog
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.errors import HostCallRefused
from runtime.model import Invocation, Manifest, Problem, Severity
from runtime.runners.discovery import find_files, unusable_files
from runtime.runners.hostcalls import HostCalls
from runtime.runners.included import unmatched_files
from runtime.runners.link import Link
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.pool import Pool
from runtime.runners.process import RunnerProcess
from runtime.runners.programs import plan_launch
from runtime.runners.server import RunnerServer
from runtime.services.logs import LogService

_CONFIG_FILES = (*(f"motia.config.{extension}" for extension in ("ts", "js", "mjs", "cjs")), "motia_config.py")


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
        self._installed = [runner for runner in installed if self._files[runner.manifest.language]]
        self._root = root
        self._settings = settings
        self._environ = environ
        self._host = host or _NoServices()
        self._logs = logs
        self._server = RunnerServer(root / ".runtime" / "run")
        self._processes: list[RunnerProcess] = []

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
            self._processes = [self._process(runner) for runner in self._installed]
            for process in self._processes:
                tasks.start_soon(process.run)
            yield
            grace.begin()
            async with anyio.create_task_group() as stopping:
                for process in self._processes:
                    stopping.start_soon(process.stop, grace.left)
            tasks.cancel_scope.cancel()

    async def catalog(self, stop: anyio.Event) -> Catalog:
        """Waits until every language has loaded, and wires what is there; after a stop, what has loaded by then."""
        catalog = build_catalog(await self._manifests(stop), self._settings.validation)
        unmatched = await anyio.to_thread.run_sync(unmatched_files, self._root, catalog.steps)
        ignored = ignored_configs(self._root)
        return replace(catalog, problems=(*self._unusable, *catalog.problems, *unmatched, *ignored))

    async def _manifests(self, stop: anyio.Event) -> list[Manifest]:
        async with anyio.create_task_group() as waiting:

            async def manifests() -> None:
                await asyncio.gather(*(asyncio.shield(process.first_manifest) for process in self._processes))
                waiting.cancel_scope.cancel()

            waiting.start_soon(manifests)
            await stop.wait()
            waiting.cancel_scope.cancel()
        return [process.first_manifest.result() for process in self._processes if process.first_manifest.done()]

    def _process(self, installed: InstalledRunner) -> RunnerProcess:
        language = installed.manifest.language
        pool = self.pools[language] = Pool()
        settings = self._settings

        def new_link() -> Link:
            limit = settings.runner(language).max_in_flight
            return Link(language, self._files[language], settings.link, limit, self._host, self._logs, pool.notify)

        launch = plan_launch(installed, self._root, settings, self._environ)
        return RunnerProcess(launch, settings.link, self._server, pool, self._logs, new_link)


def ignored_configs(root: Path) -> list[Problem]:
    """A warning for each project file that means something elsewhere and nothing here yet."""
    return [
        Problem(
            name,
            "has no effect in this version: its adapters, streamAuth and plugins are not used",
            "set what you need in runtime.yaml, and remove this file if you do not need it elsewhere",
            severity=Severity.WARNING,
        )
        for name in _CONFIG_FILES
        if (root / name).is_file()
    ]


class _NoServices(HostCalls):
    """Refuses all calls: nothing is invoked, so there is no handler that could make one."""

    def __init__(self) -> None:
        """Has no services to call."""

    def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> Awaitable[bytes]:
        raise HostCallRefused("the project is only being loaded")
