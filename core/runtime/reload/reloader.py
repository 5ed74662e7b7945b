"""Changes of files -> generations that serve: each language by itself, one catalog after the other."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

import anyio
from anyio.abc import TaskGroup

from runtime.catalog import Catalog, with_config
from runtime.errors import RuntimeFault
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
        self._catalog = Catalog()
        self._imports: Mapping[str, Collection[str]] = {}
        self._included: Mapping[str, Collection[str]] = {}
        self._lanes = {language: Lane(partial(self._take_up, language)) for language in fleet.pools}
        self._deciding = anyio.Lock()
        """Held while a catalog is made and put into use: each builds on the one before."""
        self._installing = anyio.Lock()
        self._held: dict[str, Held] = {}
        self._setup_fails = False
        self._tasks: TaskGroup
        self._is_loading = True
        self._unjudged: set[str] = set()
        """Changed paths that concern nothing yet, but maybe what is loading now."""

    def is_watched(self, path: str) -> bool:
        """Whether a change of this path, relative to the root, concerns what serves, or what loads."""
        return self._is_busy or bool(self._concern_of((path,)))

    @property
    def _is_busy(self) -> bool:
        return self._is_loading or any(lane.is_busy for lane in self._lanes.values())

    async def run(self, catalog: Catalog, changes: AsyncIterator[frozenset[str]]) -> None:
        """Takes up changed paths, relative to the root, from this catalog on, until it is cancelled."""
        self._note(catalog, self._fleet.serving())
        self._fleet.on_changed = self._reread
        self._fleet.on_outdated = self._renew
        self._is_loading = False
        self._read()  # which may have changed while packages were installed and files loaded
        async with anyio.create_task_group() as self._tasks:
            for lane in self._lanes.values():
                self._tasks.start_soon(lane.run)
            async for paths in changes:
                self._notice(paths)

    # ------------------------------------------------------------ what a change concerns

    def _concern_of(self, paths: Collection[str]) -> Concern:
        return concern_of(paths, self._fleet.installed, self._imports, self._included)

    def _notice(self, paths: Collection[str]) -> None:
        concern = self._concern_of(paths)
        if self._is_busy and len(self._unjudged) < _MOST_UNJUDGED:
            self._unjudged.update(path for path in paths if not self._concern_of((path,)))
        for language in sorted(concern.fixed):
            self._audience.progressed(f"the {language} runner takes up changes when `runtime dev` starts again")
        if concern.setup:
            self._read()
        for language in concern.languages - concern.packages:
            self._put(language, Change(anyio.current_time(), set(paths)))
        if concern.packages:
            self._tasks.start_soon(self._install, concern.packages, paths)

    def _put(self, language: str, change: Change) -> None:
        self._lanes[language].put(change)

    def _reread(self, language: str) -> None:
        """A process was started again and has loaded something else than before: that is what serves now."""
        self._put(language, Change(anyio.current_time(), reread=True))

    def _renew(self, language: str) -> None:
        """Has a language renewed whose code was found to have changed."""
        self._put(language, Change(anyio.current_time()))

    async def _install(self, languages: Collection[str], paths: Collection[str]) -> None:
        """Installs what is missing, which is a change of its own; the languages that lack nothing are renewed now."""
        since = anyio.current_time()
        async with self._installing:
            installed = await self._reading.install(self._setup)
        for language in set(languages) - installed:
            self._put(language, Change(since, set(paths)))

    def _read(self) -> None:
        """Reads the settings anew: other variables concern all that serves, other settings everything."""
        try:
            setup = self._reading.read()
        except RuntimeFault as fault:
            self._setup_fails = True
            self._audience.held(Held((), (_problem(fault),)))
            return
        if self._setup_fails:
            self._setup_fails = False
            self._audience.progressed("runtime.yaml and the .env files can be used again")
        before, self._setup = self._setup, setup
        if setup.settings != before.settings:
            self._restart(setup)
        elif setup.environment != before.environment:
            for language in self._lanes:
                self._put(language, Change(anyio.current_time(), environ=setup.environment.variables))

    # ------------------------------------------------------------ one language

    async def _take_up(self, language: str, change: Change) -> None:
        """Puts the language's next generation into service, unless something that serves would be lost."""
        if change.reread and not (change.paths or change.environ):
            return await self._take_up_what_serves(language, change)
        try:
            async with self._fleet.renewal([language], change.environ) as candidate:
                await candidate.loaded()
                config = await candidate.config(self._catalog.config)
                async with self._deciding:
                    why = await self._decide(language, candidate, config, change)
            self._fleet.keep_spare(language, self._setup.settings.reload.keep_spare)
        except RuntimeFault as fault:
            why = (_problem(fault),)
        except Exception as error:  # a fault of ours must not end what serves
            self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "runtime", "")
            why = (Problem("", f"the {language} runner could not be renewed: {error!r}", "see the log above"),)
        if why:
            self._hold(language, Held((language,), why), change)
        return None

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
            self._replace(language, with_config(catalog, known if is_others else config), candidate, change)
        return why

    async def _take_up_what_serves(self, language: str, change: Change) -> None:
        async with self._deciding:
            serving = self._fleet.serving()
            catalog = with_config(await serving.catalog(), self._catalog.config)
            self._replace(language, catalog, serving, change)

    def _replace(self, language: str, catalog: Catalog, candidate: Candidate, change: Change) -> None:
        """Puts the catalog into use, and tells of it; what another language was held for may be gone now."""
        self._use(catalog)
        held = self._held.pop(language, None)
        failed = {problem.file for problem in held.problems} if held is not None else set()
        seconds = anyio.current_time() - change.since
        fact = renewed(self._catalog, catalog, language, change.paths, candidate.imports, failed, seconds)
        is_there = language in {*files_of(self._catalog).values(), *files_of(catalog).values()} or fact.problems
        self._note(catalog, candidate)
        if is_there:
            self._audience.renewed(fact)
        unjudged, self._unjudged = self._unjudged, set()
        if unjudged:
            self._notice(unjudged)
        for other in self._held:
            self._put(other, Change(anyio.current_time(), retry=True))

    def _note(self, catalog: Catalog, candidate: Candidate) -> None:
        """Notes what serves from now on, and what it depends on."""
        self._catalog = catalog
        imports: dict[str, set[str]] = {}
        for file, language in files_of(catalog).items():
            imports.setdefault(language, set()).update(candidate.imports.get(file, ()))
        self._imports, self._included = imports, included_patterns(catalog.steps)

    def _hold(self, language: str, held: Held, change: Change) -> None:
        """Tells why a language cannot serve what has changed; in short, or not at all, when that is known already."""
        is_known = held == self._held.get(language)
        self._held[language] = held
        if not (is_known and change.retry):
            self._audience.held(replace(held, is_known=is_known))


def _problem(fault: RuntimeFault) -> Problem:
    """A fault names its file itself."""
    return Problem("", str(fault), fault.fix)
