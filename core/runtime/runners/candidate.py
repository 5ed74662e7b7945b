"""What may take over: the next generations of some languages beside what goes on serving of the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from runtime._gen import runner_pb2 as pb
from runtime.catalog import Catalog, CatalogBuilder
from runtime.config import Settings
from runtime.errors import ConfigFault
from runtime.model import Hook, Manifest, Problem, ProjectConfig, Remembered, Severity, StreamDefinition
from runtime.runners.discovery import Discovery
from runtime.runners.generation import Generation
from runtime.runners.hooks import RunnerHooks
from runtime.runners.included import unmatched_files
from runtime.runners.manifest import InstalledRunner
from runtime.runners.nearmisses import near_misses
from runtime.runners.pool import Pool
from runtime.runners.projectconfig import LANGUAGES, config_files, load_config, refuse_unread, the_config


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a candidate needs of the fleet."""

    root: Path
    settings: Settings
    installed: Sequence[InstalledRunner]
    builder: CatalogBuilder
    hooks: RunnerHooks
    warn: Callable[[Sequence[str]], None]
    """Tells the author of what has no effect in the config: all of it, whether it has been told before or not."""
    remembered: Callable[[], Mapping[str, Remembered]]
    """What files have said of themselves when they last served, by file."""
    take_over: Callable[[Candidate], None]
    """Has the candidate's generations serve."""


class Candidate:
    """A state of the whole project that can be looked at before it serves."""

    def __init__(
        self,
        surroundings: Surroundings,
        discovery: Discovery,
        renewed: Mapping[str, Generation | None],
        serving: Callable[[], Mapping[str, Generation]],
        whole: Collection[str] = (),
    ) -> None:
        """`renewed` has None for a language that the project has no files of any more; `serving` gives the generations
        that serve, which count for the others. Of the languages in `whole` all processes are waited for, else the
        first."""
        self.languages = frozenset(renewed)
        """Those that are renewed."""
        self.renewed = renewed
        self.discovery = discovery
        self.file_count = discovery.count
        """Step and stream files that were found and can be loaded."""
        self._serving = serving
        self._surroundings = surroundings
        self._whole = whole

    @property
    def _generations(self) -> dict[str, Generation]:
        kept = {name: each for name, each in self._serving().items() if name not in self.renewed}
        return kept | {name: each for name, each in self.renewed.items() if each is not None}

    @property
    def given_up(self) -> Mapping[str, Problem]:
        """Why a language will not come up, for each that will not."""
        given_up = {name: generation.given_up for name, generation in self._generations.items()}
        return {name: problem for name, problem in given_up.items() if problem is not None}

    @property
    def imports(self) -> Mapping[str, Collection[str]]:
        """The project's files that a step has imported, by the step's file; of what has loaded."""
        manifests = (generation.manifest for generation in self._generations.values())
        return {entry.file: entry.imports for manifest in manifests for entry in (*manifest.steps, *manifest.streams)}

    async def loaded(self) -> None:
        """Waits until every language has loaded or is given up."""
        for name, generation in self._generations.items():
            await generation.loaded(whole=name in self._whole)

    async def catalog(self) -> Catalog:
        """Wires what is there when every language has loaded or is given up; not for two candidates at a time."""
        await self.loaded()
        generations = self._generations
        manifests = [each.manifest for each in generations.values()]
        catalog = await anyio.to_thread.run_sync(self._wired, manifests, self._surroundings.remembered())
        unheard = unheard_hooks(catalog, {name: each.links for name, each in generations.items()})
        return replace(catalog, problems=(*catalog.problems, *unheard))

    def _wired(self, manifests: Sequence[Manifest], remembered: Mapping[str, Remembered]) -> Catalog:
        around = self._surroundings
        languages = {runner.manifest.language for runner in around.installed}
        there = {
            file: each
            for file, each in remembered.items()
            if each.step.language in languages and os.path.lexists(around.root / file)
        }
        catalog = around.builder.build(manifests, around.settings.validation, there)
        unmatched = unmatched_files(around.root, catalog.steps)
        missed = near_misses(around.root, around.installed, self.discovery.scanned)
        return replace(catalog, problems=(*self.discovery.unusable, *catalog.problems, *unmatched, *missed))

    async def config(self, serving: ProjectConfig | None) -> ProjectConfig | None:
        """What the project's config file says, None without one; warns of what has no effect.

        To be asked when the catalog is there. `serving` is what counts now, which is not asked for again unless its
        language is renewed. Raises `ConfigFault`: with half of what it says nothing may serve.
        """
        around = self._surroundings
        files = config_files(around.root)
        own = {LANGUAGES[file] for file in files} | ({serving.language} if serving is not None else set())
        if self._serving() and own.isdisjoint(self.languages):
            return serving
        refuse_unread(around.root)
        file = the_config(files, [runner.manifest.language for runner in around.installed])
        if file is None:
            return None
        language = LANGUAGES[file]
        if language not in self.languages:  # its renewal brings what it says; until then what served before counts
            return serving
        generation = self._generations[language]
        if generation.given_up is not None:
            message = f"{file} cannot be loaded: {generation.given_up.file} {generation.given_up.message}"
            raise ConfigFault(message, generation.given_up.fix)
        ask = partial(around.hooks.ask, language, generation.links)
        warnings: list[str] = []
        config = await load_config(file, ask, around.settings.link.load_timeout, warnings.append)
        around.warn(warnings)
        return config

    def take_over(self) -> None:
        """Has it serve from this turn of the event loop on; what is replaced finishes what it runs."""
        self._surroundings.take_over(self)


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
        if stream.hooks
        and (link := pools[stream.language].live()) is not None
        and pb.FEATURE_HOOKS not in link.features
    ]


def _functions(stream: StreamDefinition) -> str:
    return " and ".join(sorted(hook.value for hook in stream.hooks))
