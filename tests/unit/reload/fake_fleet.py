"""A project whose files are values and whose renewals a test lets load, fail and hang."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import anyio
from anyio.lowlevel import checkpoint

from runtime.catalog import Catalog
from runtime.config import Settings
from runtime.environment import ProjectEnvironment
from runtime.facts import Held, Renewed, Started
from runtime.model import Problem, ProjectConfig, Step
from runtime.reload.reloader import Reloader
from runtime.reload.setup import Reading, Setup
from runtime.runners.fleet import Fleet
from runtime.runners.manifest import InstalledRunner, RunnerManifest
from tests.fakes import Reports
from tests.unit.reload.turning import LoopTime, standing_time, turns


@dataclass(frozen=True)
class Source:
    """A step file: what it says, what it imports, the message of what is wrong with it."""

    text: str = "1"
    imports: tuple[str, ...] = ()
    error: str = ""


def setup(variables: Mapping[str, str] | None = None, **settings: object) -> Setup:
    """Settings and variables."""
    return Setup(Settings.model_validate(settings), ProjectEnvironment(variables or {}))


def _runner(language: str, ending: str, packages: str, reload: str = "process") -> InstalledRunner:
    given = {"step_files": [f"*.{ending}"], "source_files": [f"*.{ending}"], "project_files": [packages]}
    given["component_files"] = [f"*.{ending}x"]
    manifest = {"language": language, "command": ["x"], "reload": reload, **given}
    return InstalledRunner(RunnerManifest.model_validate(manifest), Path())


RUNNERS = (
    _runner("node", "ts", "package.json"),
    _runner("python", "py", "requirements.txt"),
    _runner("old", "old", "old.lock", reload="none"),
)
OF_ENDING = {"ts": "node", "py": "python", "old": "old"}
Files = dict[str, Source]


def language_of(file: str) -> str:
    """The language of a step file."""
    return OF_ENDING[file.rpartition(".")[2]]


def catalog_of(files: Mapping[str, Source], given_up: Mapping[str, Problem] | None = None) -> Catalog:
    """What the files make; of two with one text that begins with "name:", the second is in error."""
    steps, problems, names = [], list((given_up or {}).values()), dict[str, str]()
    for file, source in sorted(files.items()):
        error = source.error
        if source.text.startswith("name:"):
            first = names.setdefault(source.text, file)
            error = error or ("" if first == file else f"taken by {first}")
        if error:
            problems.append(Problem(file, error))
        else:
            steps.append(Step(file, language_of(file), file, "noop", description=source.text))
    return Catalog(steps=tuple(steps), problems=tuple(problems))


def texts(catalog: Catalog) -> dict[str, str]:
    """What serves."""
    return {step.file: step.description for step in catalog.steps}


class FakeCandidate:
    """Loads what is on disk when it begins to load."""

    def __init__(self, fleet: FakeFleet, language: str | None) -> None:
        self.language = language
        self.given_up = dict(fleet.given_up)
        self._fleet = fleet
        self._files: Files = {}

    @property
    def files(self) -> Files:
        own = {language: files for language, files in self._fleet.serving_files.items() if language != self.language}
        return {file: source for files in own.values() for file, source in files.items()} | self._files

    @property
    def imports(self) -> Mapping[str, Collection[str]]:
        return {file: source.imports for file, source in self.files.items()}

    async def loaded(self) -> None:
        fleet, language = self._fleet, self.language
        assert language is not None
        self._files = fleet.on_disk(language)
        await fleet.gates[language].wait()
        if fleet.takes.get(language):
            await anyio.sleep(fleet.takes[language])
        if fault := fleet.faults.get(language):
            raise fault

    async def config(self, serving: ProjectConfig | None) -> ProjectConfig | None:
        return self._fleet.config

    async def catalog(self) -> Catalog:
        fleet = self._fleet
        assert not fleet.is_building, "two catalogs at a time"
        fleet.is_building = True
        try:
            await checkpoint()
        finally:
            fleet.is_building = False
        if fault := fleet.faults.get("catalog"):
            raise fault
        given_up = {name: problem for name, problem in self.given_up.items() if name == self.language}
        return catalog_of(self.files, given_up)

    def take_over(self) -> None:
        assert self.language is not None and self in self._fleet.open
        self._fleet.serving_files[self.language] = self._files


class FakeFleet:
    """Runners that are nothing but their files."""

    def __init__(self, disk: Files) -> None:
        self.disk = disk
        self.installed = RUNNERS
        self.pools = {runner.manifest.language: None for runner in RUNNERS}
        self.serving_files = {language: self.on_disk(language) for language in self.pools}
        self.given_up: dict[str, Problem] = {}
        self.gates = {language: anyio.Event() for language in self.pools}
        self.takes: dict[str, float] = {}
        self.faults: dict[str, BaseException] = {}
        self.config: ProjectConfig | None = None
        self.is_building = False
        self.environ: Mapping[str, str] = {}
        self.renewals: list[str] = []
        self.environ_of: dict[str, Mapping[str, str]] = {}
        self.open: set[FakeCandidate] = set()
        self.outdated_languages: frozenset[str] = frozenset()
        self.on_changed: Callable[[str], None] = lambda _: None
        self.on_outdated: Callable[[str], None] = lambda _: None
        for language in self.pools:
            self.release(language)

    def on_disk(self, language: str) -> Files:
        return {file: source for file, source in self.disk.items() if language_of(file) == language}

    def hang(self, language: str) -> None:
        """Lets renewals of the language begin and not end."""
        if self.gates[language].is_set():
            self.gates[language] = anyio.Event()

    def release(self, language: str) -> None:
        """Lets them end again."""
        self.gates[language].set()

    def crash(self, language: str) -> None:
        """Has what serves start again, with what is on disk."""
        self.serving_files[language] = self.on_disk(language)
        self.on_changed(language)

    @asynccontextmanager
    async def renewal(
        self, languages: Collection[str], environ: Mapping[str, str] | None = None
    ) -> AsyncIterator[FakeCandidate]:
        self.environ = self.environ if environ is None else environ
        [language] = languages
        self.renewals.append(language)
        self.environ_of[language] = self.environ
        candidate = FakeCandidate(self, language)
        self.open.add(candidate)
        try:
            yield candidate
        finally:
            self.open.remove(candidate)

    def serving(self) -> FakeCandidate:
        return FakeCandidate(self, None)

    def keep_spare(self, language: str, seconds: float) -> None:
        """Has none."""


@dataclass
class FakeAudience:
    """Keeps what it hears."""

    renewals: list[Renewed] = field(default_factory=list)
    holds: list[Held] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def started(self, fact: Started) -> None:
        raise AssertionError("a reload is no start")

    def renewed(self, fact: Renewed) -> None:
        self.renewals.append(fact)

    def held(self, fact: Held) -> None:
        self.holds.append(fact)

    def progressed(self, message: str) -> None:
        self.messages.append(message)


class World:
    """A project that is being reloaded."""

    def __init__(self, disk: Files, time: LoopTime) -> None:
        self.fleet = FakeFleet(disk)
        self.audience = FakeAudience()
        self.reports = Reports()
        self.time = time
        self.used: list[Catalog] = [catalog_of(disk)]
        self.setup: Setup | Exception = setup()
        self.restarts: list[Setup] = []
        self.installing = anyio.Event()
        self.installing.set()
        self.installed: frozenset[str] | Exception = frozenset()
        self.installs = 0
        self._paths, self.changes = anyio.create_memory_object_stream[frozenset[str]](1000)
        reading = Reading(self._read, self._install)
        self.reloader = Reloader(
            cast(Fleet, self.fleet),
            setup(),
            reading,
            self.audience,
            self.used.append,
            self.restarts.append,
            self.reports,
        )

    def _read(self) -> Setup:
        if isinstance(self.setup, Exception):
            raise self.setup
        return self.setup

    async def _install(self, setup: Setup) -> frozenset[str]:
        self.installs += 1
        await self.installing.wait()
        if isinstance(self.installed, Exception):
            raise self.installed
        return self.installed

    @property
    def serves(self) -> dict[str, str]:
        return texts(self.used[-1])

    def write(self, **files: Source) -> None:
        """Writes step files, "a_ts" for a.ts."""
        self.fleet.disk.update({name.replace("_", "."): source for name, source in files.items()})

    def say(self, *paths: str) -> None:
        """Has the reloader hear of changed paths."""
        self._paths.send_nowait(frozenset(paths))

    async def save(self, **files: Source) -> None:
        """Writes files in one go and lets happen what follows."""
        self.write(**files)
        self.say(*(name.replace("_", ".") for name in files))
        await turns()

    async def hear(self, *paths: str) -> None:
        """The same for files that are no steps."""
        self.say(*paths)
        await turns()

    async def remove(self, *files: str) -> None:
        for file in files:
            del self.fleet.disk[file]
        await self.hear(*files)

    def close(self) -> None:
        self._paths.close()
        self.changes.close()


@asynccontextmanager
async def reloading(
    changed: Setup | None = None, outdated: tuple[str, ...] = (), **files: Source
) -> AsyncIterator[World]:
    """A project with these files that serves and is watched; `changed` is a setup that has changed while it loaded, as
    has the code of the `outdated` languages."""
    with standing_time() as time:
        world = World({name.replace("_", "."): source for name, source in files.items()}, time)
        world.setup = changed or world.setup
        world.fleet.outdated_languages = frozenset(outdated)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(world.reloader.run, world.used[0], world.changes)
                await turns()
                yield world
                tasks.cancel_scope.cancel()
        finally:
            world.close()
    assert not world.fleet.open, "a candidate was not ended"
