"""All runners of a project: one supervisor for each language."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from runtime._gen import runner_pb2 as pb
from runtime.catalog import CatalogBuilder
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.definitions.remembered import NOTHING
from runtime.errors import HostCallRefused, RunnerFault
from runtime.model import Invocation, LogLevel, Remembered, RunnerStatus
from runtime.runners.candidate import Candidate, Surroundings
from runtime.runners.discovery import Discovery, LanguageFiles, discover
from runtime.runners.generation import Generation
from runtime.runners.hooks import RunnerHooks
from runtime.runners.hostcalls import HostCalls
from runtime.runners.inspector import INSTALL_DEBUGGER, Inspector, missing_debugger
from runtime.runners.link import Link
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.pool import Pool
from runtime.runners.programs import Launch, plan_launch, under_inspection
from runtime.runners.projectconfig import LANGUAGES, config_files
from runtime.runners.server import RunnerServer
from runtime.runners.supervisor import Supervisor
from runtime.services.logs import LogService


class Fleet:
    """Runs the project's runners for the time of a context, and renews them."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        environ: Mapping[str, str],
        host: HostCalls | None,
        logs: LogService,
        *,
        inspected: Mapping[str, int] | None = None,
        remembered: Callable[[], Mapping[str, Remembered]] = lambda: NOTHING,
    ) -> None:
        """`environ` is the environment of the runners, `host` None where nothing will be invoked; `inspected` are the
        ports at which people find the debuggers of these languages. `remembered` gives what files have said of
        themselves, by file, so that of those that are broken events wait.

        Raises `RunnerFault` for a bad runner manifest, and for a language that has no debugger.
        """
        self.installed: Sequence[InstalledRunner] = find_runners(root, settings)
        """The runners that are turned on."""
        self.pools = {runner.manifest.language: Pool() for runner in self.installed}
        """By language."""
        self.hooks = RunnerHooks(self.pools, settings.streams)
        """Asks the runners for the functions of configs."""
        self.on_changed: Callable[[str], None] | None = None
        """Called with a language that serves other code without a renewal: its only process died, and the code on disk
        had changed."""
        self.on_outdated: Callable[[str], None] | None = None
        """Called with a language that serves code which is not that on disk any more, as a process found that was
        started again beside others."""
        self._root = root
        self._settings = settings
        self._environ = environ
        self._host = host or _NoServices()
        self._logs = logs
        self._server = RunnerServer(root / ".runtime" / "run")
        self._discovery = Discovery({}, (), ())
        self._told: frozenset[str] = frozenset()
        self._spares: dict[str, asyncio.TimerHandle] = {}
        """Languages of which a process is to stand ready, and until when."""
        self._builder = CatalogBuilder()
        self._inspectors = _inspectors(self.installed, inspected or {}, logs)
        self._undebugged = set(self._inspectors)
        """Inspected languages that may lack their debugger."""
        self._surroundings = Surroundings(
            root, settings, self.installed, self._builder, self.hooks, self._warn, remembered, self._take_over
        )
        self._supervisors = {runner.manifest.language: self._supervisor(runner) for runner in self.installed}

    # ------------------------------------------------------------ life

    @asynccontextmanager
    async def running(self, grace: Grace) -> AsyncIterator[None]:
        """Lets runners run; at the end they may finish what runs, together, in what is left of the grace.

        Raises `RunnerFault` for the port of a debugger that is taken.
        """
        async with self._server.open(), anyio.create_task_group() as tasks:
            for inspector in self._inspectors.values():
                await tasks.start(inspector.run)
            for supervisor in self._supervisors.values():
                supervisor.open(tasks)
            yield
            grace.begin()
            for language in self._supervisors:
                self.keep_spare(language, 0)
            async with anyio.create_task_group() as stopping:
                for supervisor in self._supervisors.values():
                    stopping.start_soon(supervisor.stop, grace.left)
            tasks.cancel_scope.cancel()

    async def _require_debugger(self, language: str) -> None:
        runner = self._supervisors[language].installed
        launch = self._launch(runner)
        command = under_inspection(launch, runner, self._settings, self._environ, 0).command
        missing = await missing_debugger(command, launch.environment)
        if missing:
            raise RunnerFault(missing, INSTALL_DEBUGGER)
        self._undebugged.discard(language)

    def status(self) -> list[RunnerStatus]:
        """The processes of all languages."""
        return [status for supervisor in self._supervisors.values() for status in supervisor.status()]

    # ------------------------------------------------------------ renewal

    @asynccontextmanager
    async def renewal(
        self, languages: Collection[str] | None = None, environ: Mapping[str, str] | None = None
    ) -> AsyncIterator[Candidate]:
        """Starts the next generations of these languages, None for all; those that do not take over end with the
        context. A project starts as a renewal of everything.

        `environ` is the environment of runners from now on; absent for the one before. Raises `RunnerFault`, also where
        a debugger cannot be had.
        """
        self._environ = self._environ if environ is None else environ
        for language in sorted(self._undebugged):
            await self._require_debugger(language)
        languages = tuple(self._supervisors) if languages is None else languages
        for language in languages:
            await self._supervisors[language].room()
        discovery = await anyio.to_thread.run_sync(discover, self._root, self.installed)
        renewed = self._begin(discovery, languages)
        first = [name for name in renewed if self._supervisors[name].serving is None]
        try:
            for name in renewed:
                self._fill_up(name)
            yield Candidate(self._surroundings, discovery, renewed, self._serving, whole=first)
        finally:
            for name, generation in renewed.items():
                if generation is not None:
                    self._supervisors[name].abandon(generation)

    @property
    def outdated_languages(self) -> frozenset[str]:
        """Those that serve code which is not that on disk any more, as a process found that waits for the next."""
        return frozenset(name for name, generation in self._serving().items() if generation.is_outdated)

    def serving(self) -> Candidate:
        """What serves now, to be looked at again."""
        return Candidate(self._surroundings, self._discovery, {}, self._serving)

    def _begin(self, discovery: Discovery, languages: Collection[str]) -> dict[str, Generation | None]:
        needed = {LANGUAGES[file] for file in config_files(self._root)}
        needed.update(language for language, files in discovery.files.items() if files)
        needed.update(self._component_languages(discovery))
        launches = {
            name: self._launch(runner) if name in needed else None
            for runner in self.installed
            if (name := runner.manifest.language) in languages
        }
        return {
            name: None
            if launch is None
            else self._supervisors[name].begin(launch, self._environ, discovery.files[name])
            for name, launch in launches.items()
        }

    def _component_languages(self, discovery: Discovery) -> Iterator[str]:
        """Languages whose runner is to bundle what draws steps, whoever runs these."""
        names = {file.rpartition("/")[2] for file in discovery.scanned}
        for runner in self.installed:
            if any(map(runner.takes_component, names)):
                yield runner.manifest.language

    def _take_over(self, candidate: Candidate) -> None:
        self._discovery = candidate.discovery
        for name, generation in candidate.renewed.items():
            self._supervisors[name].take_over(generation)

    def _serving(self) -> dict[str, Generation]:
        serving = {name: supervisor.serving for name, supervisor in self._supervisors.items()}
        return {name: generation for name, generation in serving.items() if generation is not None}

    def _launch(self, runner: InstalledRunner) -> Launch:
        return plan_launch(runner, self._root, self._settings, self._environ)

    # ------------------------------------------------------------ processes that stand ready

    def keep_spare(self, language: str, seconds: float) -> None:
        """Has a process of the language stand ready for its next renewal, for so long from now on; 0 for none."""
        ending = self._spares.pop(language, None)
        if ending is not None:
            ending.cancel()
        if seconds > 0:
            self._spares[language] = asyncio.get_running_loop().call_later(seconds, self.keep_spare, language, 0)
            self._fill_up(language)
        else:
            self._supervisors[language].end_spare()

    def _fill_up(self, language: str) -> None:
        """Starts the process that stands ready where it is wanted and there is none."""
        if language in self._spares:
            supervisor = self._supervisors[language]
            supervisor.keep_spare(self._launch(supervisor.installed))

    # ------------------------------------------------------------ its parts

    def _warn(self, warnings: Sequence[str]) -> None:
        """What has been said the last time is not said again."""
        for warning in warnings:
            if warning not in self._told:
                self._logs.core(LogLevel.WARN, warning)
        self._told = frozenset(warnings)

    def _supervisor(self, installed: InstalledRunner) -> Supervisor:
        language = installed.manifest.language
        inspector = self._inspectors.get(language)
        return Supervisor(installed, self._settings, self._server, self.pools[language], self._logs, self, inspector)

    # ------------------------------------------------------------ for the supervisors

    def new_link(self, language: str) -> Link:
        """A connection to a process of the language that is to be started."""
        return Link(
            language,
            self._settings.link,
            self._settings.runner(language).max_in_flight,
            self._host,
            self._logs,
            self.pools[language].notify,
            self.hooks.places,
            is_inspected=language in self._inspectors,
        )

    async def files(self, language: str) -> LanguageFiles:
        """What there is to load of the language now."""
        found = await anyio.to_thread.run_sync(discover, self._root, self.installed)
        return found.files[language]

    def changed(self, language: str) -> None:
        """Tells that the language serves other code without a renewal."""
        if self.on_changed is not None:
            self.on_changed(language)

    def outdated(self, language: str) -> None:
        """Tells that the language serves code that is not on disk any more."""
        if self.on_outdated is not None:
            self.on_outdated(language)


def _inspectors(
    installed: Sequence[InstalledRunner], ports: Mapping[str, int], logs: LogService
) -> dict[str, Inspector]:
    able = [runner.manifest.language for runner in installed if runner.manifest.inspect_command]
    for language in ports:
        if language not in able:
            raise RunnerFault(f"the {language} runner has no debugger", f"those that have one are {', '.join(able)}")
    return {language: Inspector(language, port, logs) for language, port in ports.items()}


class _NoServices(HostCalls):
    """Refuses all calls: nothing is invoked, so there is no handler that could make one."""

    def __init__(self) -> None:
        """Has no services to call."""

    def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> Awaitable[bytes]:
        raise HostCallRefused("the project is only being loaded")
