"""Changes of files -> generations that serve: each language by itself, one catalog after the other."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import anyio
from anyio.abc import TaskGroup

from runtime.catalog import Catalog, with_config
from runtime.errors import ConfigFault, RuntimeFault
from runtime.facts import Audience, Held
from runtime.model import LogLevel, Problem, ProjectConfig
from runtime.reload.concern import Concern, concern_of, included_patterns
from runtime.reload.differences import files_of, losses, renewed
from runtime.reload.lane import Change, Lane
from runtime.reload.setup import Reading, Setup
from runtime.runners.candidate import Candidate
from runtime.runners.fleet import Fleet
from runtime.services.logs import Report

_MOST_UNJUDGED = 10_000


@dataclass(slots=True)
class _Unserved:
    """What a language could not take up: the reasons, and all that has changed and failed since it last could."""

    held: Held
    stops_start: bool = False
    """Whether the project could not be started at all with it."""
    paths: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)


class Reloader:
    """Makes what has changed serve, and tells of what cannot."""

    def __init__(
        self,
        fleet: Fleet,
        setup: Setup,
        reading: Reading,
        audience: Audience,
        use: Callable[[Catalog], None],
        restart: Callable[[Setup], None],
        report: Report,
    ) -> None:
        """`use` puts a catalog into use, `restart` asks for a start of everything with another setup."""
        self._fleet = fleet
        self._setup = setup
        self._reading = reading
        self._audience = audience
        self._use = use
        self._restart = restart
        self._report = report
        self.on_drawn: Callable[[], None] | None = None
        """Called when what draws steps in the Workbench has changed, which no runner has loaded."""
        self._catalog = Catalog()
        self._imports: Mapping[str, Collection[str]] = {}
        self._included: Mapping[str, Collection[str]] = {}
        self._lanes = {name: Lane(partial(self._take_up, name), self._start_anew) for name in fleet.pools}
        self._rereads = {name: Lane(partial(self._take_up_what_serves, name), self._start_anew) for name in fleet.pools}
        """Beside the renewals: what serves already waits for none that hangs."""
        self._deciding = anyio.Lock()
        """Held while a catalog is made and put into use: each builds on the one before."""
        self._installing = anyio.Lock()
        self._unserved: dict[str, _Unserved] = {}
        """By language, for those that are held."""
        self._held_setup: Held | None = None
        self._next: Setup | None = None
        """With other settings, which wait until it is known that a start with what is on disk loses nothing."""
        self._is_told = False
        """Whether people know that those settings wait."""
        self._tasks: TaskGroup
        self._is_loading = True
        self._unjudged: dict[str, set[str]] = {}
        """By language that is being renewed: what has changed meanwhile and does not concern it, or only what it is
        just loading."""

    def is_watched(self, path: str) -> bool:
        """Whether a change of this path, relative to the root, concerns what serves, or what loads; in any thread."""
        return self._is_busy or bool(self._concern_of((path,)))

    @property
    def _is_busy(self) -> bool:
        return self._is_loading or bool(self._unjudged)

    def held(self) -> list[Problem]:
        """What keeps changes from being served."""
        found = [problem for each in self._unserved.values() for problem in each.held.problems]
        return [*found, *(self._held_setup.problems if self._held_setup is not None else ())]

    def sources(self) -> set[str]:
        """Files that the steps of all languages have imported, relative to the root."""
        return {file for files in self._imports.values() for file in files}

    async def run(self, catalog: Catalog, changes: AsyncIterator[frozenset[str]]) -> None:
        """Takes up changed paths, relative to the root, from this catalog on, until it is cancelled."""
        self._note(catalog, self._fleet.serving())
        self._fleet.on_changed = self._reread
        self._fleet.on_outdated = self._renew
        for language in self._fleet.outdated_languages:
            self._renew(language)
        self._is_loading = False
        self._read()  # which may have changed while packages were installed and files loaded
        async with anyio.create_task_group() as self._tasks:
            for lane in (*self._lanes.values(), *self._rereads.values()):
                self._tasks.start_soon(lane.run)
            async for paths in changes:
                self._notice(paths)

    # ------------------------------------------------------------ what a change concerns

    def _concern_of(self, paths: Collection[str]) -> Concern:
        return concern_of(paths, self._fleet.installed, self._imports, self._included)

    def _notice(self, paths: Collection[str]) -> None:
        concern = self._concern_of(paths)
        for language, unjudged in self._unjudged.items():
            if language not in concern.languages and len(unjudged) < _MOST_UNJUDGED:
                unjudged.update(paths)
        self._refuse(concern.fixed)
        if concern.drawing and self.on_drawn is not None:
            self.on_drawn()
        if concern.setup:
            self._read()
        for language in concern.languages - concern.packages:
            self._put(language, Change(anyio.current_time(), set(paths)))
        if concern.packages:
            self._tasks.start_soon(self._install, concern.packages, paths)

    def _put(self, language: str, change: Change) -> None:
        self._lanes[language].put(change)

    def _refuse(self, languages: Collection[str]) -> None:
        """Tells of languages that take up nothing while they run."""
        for language in sorted(languages):
            self._audience.progressed(f"the {language} runner takes up changes when `runtime dev` starts again")

    def _reread(self, language: str) -> None:
        """A process was started again and has loaded something else than before: that is what serves now."""
        self._rereads[language].put(Change(anyio.current_time()))

    def _renew(self, language: str) -> None:
        """Has a language renewed whose code was found to have changed; whoever watches may know that already."""
        self._put(language, Change(anyio.current_time(), retry=True))

    async def _install(self, languages: Collection[str], paths: Collection[str]) -> None:
        """Installs what is missing, which is a change of its own; the languages that lack nothing are renewed now."""
        since = anyio.current_time()
        async with self._installing:
            try:
                installed = await self._reading.install(self._setup)
            except Exception as error:
                installed = frozenset()
                problem = self._problem(error, "packages could not be installed")
                self._audience.progressed(f"{problem.message}; {problem.fix}")
        for language in set(languages) - installed:
            self._put(language, Change(since, set(paths)))

    def _read(self) -> None:
        """Reads the settings anew: other variables concern all that serves, other settings everything."""
        try:
            setup = self._reading.read()
        except Exception as error:
            held = Held((), (self._problem(error, "runtime.yaml and the .env files cannot be used"),))
            self._audience.held(replace(held, is_known=held == self._held_setup))
            self._held_setup = held
            self._next, self._is_told = None, False
            return
        if self._held_setup is not None:
            self._held_setup = None
            self._audience.progressed("runtime.yaml and the .env files can be used again")
        self._take_up_setup(setup)

    def _take_up_setup(self, setup: Setup) -> None:
        """Renews what serves where the variables are others. Other settings ask for a start of everything, which must
        lose nothing: every language is renewed first, to see whether what is on disk can serve."""
        waited, self._next = self._next, None if setup.settings == self._setup.settings else setup
        self._is_told = self._is_told and self._next is not None
        is_new = self._next is not None and waited is None
        environ = None if setup.environment == self._setup.environment else setup.environment.variables
        self._setup = replace(self._setup, environment=setup.environment)
        manifests = [runner.manifest for runner in self._fleet.installed]
        fixed = {manifest.language for manifest in manifests if manifest.reload == "none"}
        if environ is not None and self._next is None:
            self._refuse(fixed & set(files_of(self._catalog).values()))
        if environ is not None or is_new:
            for language in self._lanes.keys() - fixed:
                self._put(language, Change(anyio.current_time(), environ=environ, quiet=is_new))
        self._start_anew()

    def _start_anew(self) -> None:
        """Asks for the start of everything that other settings need, once it is known that it loses nothing."""
        if self._next is None or any(lane.is_judging for lane in self._lanes.values()):
            return
        if not self._would_lose:
            setup, self._next = self._next, None
            self._restart(setup)
        elif not self._is_told:
            self._is_told = True
            self._audience.progressed("the settings are taken up once what is held is mended: a start would lose it")

    @property
    def _would_lose(self) -> bool:
        """Whether a file that serves is broken on disk, or the config, so that a start of everything would end it."""
        serving = files_of(self._catalog)
        return any(
            each.stops_start or any(problem.file in serving for problem in each.held.problems)
            for each in self._unserved.values()
        )

    # ------------------------------------------------------------ one language

    async def _take_up(self, language: str, change: Change) -> None:
        """Puts the language's next generation into service, unless something that serves would be lost."""
        self._unjudged[language] = set()
        try:
            await self._attempt(language, change, self._renewed)
        finally:
            del self._unjudged[language]

    async def _take_up_what_serves(self, language: str, change: Change) -> None:
        """Has the catalog follow what the language serves already."""
        await self._attempt(language, change, self._reread_now)

    async def _attempt(
        self, language: str, change: Change, work: Callable[[str, Change], Awaitable[tuple[Problem, ...]]]
    ) -> None:
        """Does the work, and tells of the reasons that it gives for not having served the change."""
        try:
            why = await work(language, change)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cut_off():
                raise
            why = (self._problem(error, f"the {language} runner could not be renewed"),)
            self._hold(language, why, change, stops_start=isinstance(error, ConfigFault))
            return
        if why:
            self._hold(language, why, change)

    async def _renewed(self, language: str, change: Change) -> tuple[Problem, ...]:
        async with self._fleet.renewal([language], change.environ) as candidate:
            await candidate.loaded()
            config = await candidate.config(self._catalog.config)
            async with self._deciding:
                why = await self._decide(language, candidate, config, change)
        self._fleet.keep_spare(language, self._setup.settings.reload.keep_spare)
        return why

    async def _decide(
        self, language: str, candidate: Candidate, config: ProjectConfig | None, change: Change
    ) -> tuple[Problem, ...]:
        """Has the candidate take over, or gives the reasons why it does not."""
        catalog = await candidate.catalog()
        given_up = candidate.given_up.get(language)
        if given_up is not None and language in files_of(self._catalog).values():
            return (given_up,)
        why = losses(self._catalog, catalog)
        if not why:
            known = self._catalog.config
            is_others = known is not None and known.language != language
            candidate.take_over()
            self._use_renewed(language, with_config(catalog, known if is_others else config), candidate, change)
        return why

    async def _reread_now(self, language: str, change: Change) -> tuple[Problem, ...]:
        async with self._deciding:
            serving = self._fleet.serving()
            catalog = with_config(await serving.catalog(), self._catalog.config)
            self._replace(language, catalog, serving, change)
        return ()

    def _use_renewed(self, language: str, catalog: Catalog, candidate: Candidate, change: Change) -> None:
        """Puts the catalog of a renewal into use: nothing is held of the language any more."""
        unserved = self._unserved.pop(language, None)
        self._replace(language, catalog, candidate, change, unserved)
        unjudged = self._unjudged[language]
        if language in self._concern_of(unjudged).languages:  # it has imported what has changed since
            self._put(language, Change(anyio.current_time(), unjudged))

    def _replace(
        self, language: str, catalog: Catalog, candidate: Candidate, change: Change, unserved: _Unserved | None = None
    ) -> None:
        """Puts the catalog into use, and tells of it; what another language was held for may be gone now."""
        before = self._catalog
        self._use(catalog)
        self._note(catalog, candidate)
        paths = change.paths | unserved.paths if unserved else change.paths
        failed = unserved.failed if unserved else set()
        seconds = anyio.current_time() - change.since
        fact = renewed(before, catalog, language, paths, candidate.imports, failed, seconds)
        has_files = language in {*files_of(before).values(), *files_of(catalog).values()}
        is_news = unserved or fact.problems or fact.created or fact.updated or fact.removed or fact.mended
        if is_news or (has_files and not change.quiet):
            self._audience.renewed(fact)
        for other in self._unserved:
            self._put(other, Change(anyio.current_time(), retry=True))

    def _note(self, catalog: Catalog, candidate: Candidate) -> None:
        """Notes what serves from now on, and what it depends on."""
        self._catalog = catalog
        imports: dict[str, set[str]] = {}
        by_file = candidate.imports
        for file, language in files_of(catalog).items():
            imports.setdefault(language, set()).update(by_file.get(file, ()))
        self._imports, self._included = imports, included_patterns(catalog.steps)

    def _hold(self, language: str, why: tuple[Problem, ...], change: Change, *, stops_start: bool = False) -> None:
        """Tells why a language cannot serve what has changed; in short, or not at all, when that is known already."""
        held = Held((language,), why)
        before = self._unserved.get(language)
        is_known = before is not None and before.held == held
        unserved = self._unserved[language] = before or _Unserved(held)
        unserved.held, unserved.stops_start = held, stops_start
        unserved.paths |= change.paths
        unserved.failed |= {problem.file for problem in why}
        if not (is_known and (change.retry or change.quiet)):
            self._audience.held(replace(held, is_known=is_known))

    def _problem(self, error: BaseException, message: str) -> Problem:
        """What people are told of an error. One that is no fault of theirs is logged, and must not end what serves."""
        if isinstance(error, ConfigFault):
            return Problem(error.file, error.reason, error.fix, error.line, error.column)
        if isinstance(error, RuntimeFault):
            return Problem("", str(error), error.fix)
        self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "runtime", "")
        return Problem("", f"{message}: {error!r}", "see the log above")


def _is_cut_off() -> bool:
    """Whether this task is to end; else a cancellation is that of something it has waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
