"""Changes of files -> generations that serve: one renewal after the other, the newest change in the last one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field

import anyio

from runtime.catalog import Catalog, with_config
from runtime.errors import RuntimeFault
from runtime.facts import Audience, Held
from runtime.model import Problem
from runtime.reload.concern import Concern, concern_of, included_patterns
from runtime.reload.differences import files_of, losses, renewed
from runtime.reload.setup import Reading, Setup
from runtime.runners.candidate import Candidate
from runtime.runners.fleet import Fleet

_PATIENCE = 1.0
"""Seconds that a renewal may have taken when a further change comes, for it to be left to finish."""


@dataclass(slots=True)
class _Batch:
    """What has changed and does not serve yet; `since` is when it was noticed."""

    since: float = 0.0
    paths: set[str] = field(default_factory=set)
    languages: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    setup: bool = False
    reread: bool = False

    def add(self, other: _Batch) -> None:
        """Takes in what another has; what was noticed first counts."""
        self.since = min(filter(None, (self.since, other.since)))
        self.paths |= other.paths
        self.languages |= other.languages
        self.packages |= other.packages
        self.setup |= other.setup
        self.reread |= other.reread


class Reloader:
    """Makes what has changed serve, and tells of what cannot."""

    def __init__(
        self,
        fleet: Fleet,
        setup: Setup,
        reading: Reading,
        audience: Audience,
        use: Callable[[Catalog], None],
        restart: Callable[[], None],
    ) -> None:
        """`use` puts a catalog into use, `restart` asks for a start of everything with other settings."""
        self._fleet = fleet
        self._setup = setup
        self._reading = reading
        self._audience = audience
        self._use = use
        self._restart = restart
        self._catalog = Catalog()
        self._imports: Mapping[str, Collection[str]] = {}
        self._included: Mapping[str, Collection[str]] = {}
        self._due = _Batch()
        self._is_due = anyio.Event()
        self._held: dict[str, Held] = {}
        self._setup_fails = False
        self._began = 0.0
        self._under_way = anyio.CancelScope()

    def is_watched(self, path: str) -> bool:
        """Whether a change of this path, relative to the root, concerns what serves."""
        return bool(self._concern_of((path,)))

    def _concern_of(self, paths: Collection[str]) -> Concern:
        return concern_of(paths, self._fleet.installed, self._imports, self._included)

    async def run(self, catalog: Catalog, changes: AsyncIterator[frozenset[str]]) -> None:
        """Takes up changed paths, relative to the root, from this catalog on, until it is cancelled."""
        self._serve(catalog, self._fleet.serving())
        self._fleet.on_changed = self._reread
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._renew_what_is_due)
            async for paths in changes:
                concern = self._concern_of(paths)
                for language in sorted(concern.fixed):
                    self._audience.progressed(f"the {language} runner takes up changes when `runtime dev` starts again")
                batch = _Batch(
                    anyio.current_time(), set(paths), set(concern.languages), set(concern.packages), concern.setup
                )
                self._put(batch)

    def _serve(self, catalog: Catalog, candidate: Candidate) -> None:
        """Notes what serves from now on, and what it depends on."""
        self._catalog = catalog
        imports: dict[str, set[str]] = {}
        for file, language in files_of(catalog).items():
            imports.setdefault(language, set()).update(candidate.imports.get(file, ()))
        self._imports, self._included = imports, included_patterns(catalog.steps)

    def _reread(self, language: str) -> None:
        """A process was started again and has loaded something else than before: that is what serves now."""
        self._put(_Batch(anyio.current_time(), reread=True))

    def _put(self, batch: _Batch) -> None:
        self._due.add(batch)
        self._is_due.set()
        if self._began and anyio.current_time() - self._began > _PATIENCE:
            self._under_way.cancel()

    async def _renew_what_is_due(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due = anyio.Event()
            batch, self._due = self._due, _Batch()
            if batch.packages:
                # What is installed is a change of its own, so that those languages are renewed when it comes.
                batch.languages -= await self._reading.install(self._setup)
            self._began = anyio.current_time()
            with anyio.CancelScope() as self._under_way:
                await self._take_up(batch)
            self._began = 0.0
            if self._under_way.cancelled_caught:
                self._put(batch)

    async def _take_up(self, batch: _Batch) -> None:
        """Renews each language by itself: what is broken in one must not hold up the others."""
        environ = self._read(batch) if batch.setup else None
        if batch.reread:
            await self._tell_what_serves(batch)
        serve = [await self._renew(language, environ, batch) for language in sorted(batch.languages)]
        if any(serve):
            for language in sorted(self._held.keys() - batch.languages):  # what stood in its way may be gone
                await self._renew(language, None, batch)

    def _read(self, batch: _Batch) -> Mapping[str, str] | None:
        """Reads the settings anew; gives variables that have changed, which concern every language."""
        try:
            setup = self._reading.read()
        except RuntimeFault as fault:
            self._setup_fails = True
            self._audience.held(Held((), (_problem(fault),)))
            return None
        if self._setup_fails:
            self._setup_fails = False
            self._audience.progressed("runtime.yaml and the .env files can be used again")
        before, self._setup = self._setup, setup
        if setup.settings != before.settings:
            self._restart()
        if setup.environment == before.environment:
            return None
        batch.languages |= self._fleet.pools.keys()
        return setup.environment.variables

    async def _renew(self, language: str, environ: Mapping[str, str] | None, batch: _Batch) -> bool:
        """Puts the language's next generation into service; false when something that serves would be lost."""
        try:
            async with self._fleet.renewal([language], environ) as candidate:
                catalog = await candidate.catalog()
                why = self._why_not(candidate, catalog)
                if not why:
                    catalog = with_config(catalog, await candidate.config(self._catalog.config))
                    candidate.take_over()
                    self._replace(catalog, candidate, batch)
        except RuntimeFault as fault:
            why = (_problem(fault),)
        self._fleet.keep_spare(language, self._setup.settings.reload.keep_spare)
        if why:
            self._hold(Held((language,), why), is_new=language in batch.languages)
        return not why

    def _hold(self, held: Held, *, is_new: bool) -> None:
        """Tells why a language cannot serve what has changed; once, unless it has changed again."""
        [language] = held.languages
        before, self._held[language] = self._held.get(language), held
        if is_new or held != before:
            self._audience.held(held)

    def _why_not(self, candidate: Candidate, catalog: Catalog) -> tuple[Problem, ...]:
        served = set(files_of(self._catalog).values())
        dead = tuple(problem for language, problem in candidate.given_up.items() if language in served)
        return dead or losses(self._catalog, catalog)

    async def _tell_what_serves(self, batch: _Batch) -> None:
        serving = self._fleet.serving()
        self._replace(with_config(await serving.catalog(), self._catalog.config), serving, batch)

    def _replace(self, catalog: Catalog, candidate: Candidate, batch: _Batch) -> None:
        self._use(catalog)
        held = [self._held.pop(language, None) for language in candidate.languages]
        failed = {problem.file for each in held if each is not None for problem in each.problems}
        seconds = anyio.current_time() - batch.since
        languages, imports = candidate.languages, candidate.imports
        fact = renewed(self._catalog, catalog, batch.paths, imports, failed, languages, seconds)
        self._serve(catalog, candidate)
        self._audience.renewed(fact)


def _problem(fault: RuntimeFault) -> Problem:
    """A fault names its file itself."""
    return Problem("", str(fault), fault.fix)
