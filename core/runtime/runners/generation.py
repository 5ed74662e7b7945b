"""One state of a language's code: what its processes have loaded, each of which is restarted when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import anyio

from runtime.config import LinkSettings
from runtime.model import LoadedFile, LogLevel, Manifest, Problem, RunnerState, RunnerStatus
from runtime.runners.discovery import LanguageFiles
from runtime.runners.pool import Pool
from runtime.runners.process import RunnerProcess
from runtime.runners.programs import Launch
from runtime.runners.slot import Difference, Slot
from runtime.runners.sources import Sources
from runtime.services.logs import LogService


class Owner(Protocol):
    """Who a generation's processes come from, and who wants to know of them."""

    def start(self, launch: Launch) -> RunnerProcess:
        """A new process, which waits to be told what to load."""

    async def files(self) -> LanguageFiles:
        """What there is to load now."""

    def loaded(self, generation: Generation, process: RunnerProcess, *, is_changed: bool) -> None:
        """A process of the generation may serve; `is_changed` says that its code is not what the one before had."""

    def outdated(self, generation: Generation) -> None:
        """The code of the generation is not what is on disk any more."""

    def lost(self, generation: Generation, process: RunnerProcess) -> None:
        """A process of the generation has ended."""

    def lost_hope(self, generation: Generation) -> None:
        """No process of the generation will come up any more."""


class Generation:
    """Holds one state of the code in so many processes, from the first start to the last death."""

    def __init__(
        self,
        number: int,
        launch: Launch,
        files: LanguageFiles,
        processes: int,
        sources: Sources,
        settings: LinkSettings,
        logs: LogService,
        owner: Owner,
        spare: RunnerProcess | None = None,
    ) -> None:
        """`number` counts the generations of the language, `processes` is how many it has; a spare is its first.

        `sources` are to tell whether several have loaded the same.
        """
        self.number = number
        self.launch = launch
        self.manifest = Manifest(launch.language)
        """What its processes have loaded; once it is given up, the problem."""
        self.given_up: Problem | None = None
        """Why none of its processes will come up; None while there is hope."""
        self.links = Pool()
        """Its processes that have loaded."""
        self.ended = asyncio.Event()
        """Set when none of its processes runs, or will."""
        self.is_outdated = False
        """Whether one of its processes waits for the next generation, because the code on disk is not what serves."""
        self._is_leaving = False
        self._files = files
        self._sources = sources
        self._accepting = anyio.Lock()
        self._logs = logs
        self._owner = owner
        self._spare = spare
        self._loaded = asyncio.Event()
        self._scope = anyio.CancelScope()
        several = processes > 1
        runner = f"the {launch.language} runner"
        self._slots = [
            Slot(number, f"process {number} of {runner}" if several else runner, settings, logs, self)
            for number in range(1, processes + 1)
        ]

    # ------------------------------------------------------------ life

    async def run(self) -> None:
        """Keeps its processes running until they have been told to end, or until none will come up.

        The first loads alone: a fault in the code costs one process a try, and what is there first serves first.
        """
        try:
            fault = self.launch.fault()
            if fault:
                self._give_up(fault, self.launch.fix)
            else:
                await self._keep_all()
        finally:
            self.ended.set()

    async def _keep_all(self) -> None:
        with self._scope:
            async with anyio.create_task_group() as keeping:
                first, *others = self._slots
                if others:
                    await self._sources.begin(self._files)
                keeping.start_soon(self._keep, first)
                await self._loaded.wait()
                if others and self.given_up is None:
                    await self._sources.learn(self.manifest)
                if self.given_up is None and not self._is_leaving:
                    for slot in others:
                        keeping.start_soon(self._keep, slot)

    async def loaded(self, *, whole: bool = False) -> None:
        """Waits until the first process has loaded or the generation is given up.

        `whole` waits for the other processes too, but for none that has died.
        """
        await self._loaded.wait()
        if whole and self.given_up is None:
            for slot in self._slots:
                await slot.settled.wait()

    def drain(self, grace: float) -> None:
        """Lets its processes finish what runs, for at most the grace (seconds); those that still load end at once."""
        self._is_leaving = True
        if not self._loaded.is_set():
            self.kill()
        for slot in self._slots:
            slot.drain(grace)

    def kill(self) -> None:
        """Ends its processes now."""
        self._is_leaving = True
        if self._spare is not None:
            self._spare.kill()
        for slot in self._slots:
            slot.kill()
        self._scope.cancel()

    @property
    def debug_port(self) -> int | None:
        """Where the debugger of its first process listens; None without one."""
        process = self._slots[0].process
        return process.debug_port or None if process is not None else None

    def status(self, state: RunnerState) -> list[RunnerStatus]:
        """Its processes; `state` is that of those that have loaded."""
        return [self._status(slot, state) for slot in self._slots]

    def _status(self, slot: Slot, state: RunnerState) -> RunnerStatus:
        process = slot.process
        return RunnerStatus(
            language=self.launch.language,
            process=slot.number,
            pid=process.pid if process else None,
            generation=self.number,
            state=state if slot.state == "serving" else slot.state,
            in_flight=process.link.unfinished if process else 0,
            memory_bytes=process.link.liveness.memory_bytes if process else None,
            cpu=process.link.liveness.cpu if process else None,
            restarts=slot.restarts,
            since=slot.since,
        )

    # ------------------------------------------------------------ its slots

    async def _keep(self, slot: Slot) -> None:
        spare, self._spare = self._spare, None
        await slot.run(spare or self.start(), self._files)
        if slot.given_up:
            slot.settled.set()
            if all(each.given_up for each in self._slots) or not self._loaded.is_set():
                called = self.launch.called or repr(self.launch.command[0])
                fix = self.launch.fix if slot.is_unfit else f"check that {called} runs, and see the log above"
                self._give_up(slot.given_up, fix)
            else:
                self._logs.core(LogLevel.ERROR, f"{slot.called} {slot.given_up}; the others go on")

    def start(self) -> RunnerProcess:
        """For a slot: its next process."""
        return self._owner.start(self.launch)

    async def files(self) -> LanguageFiles:
        """For a slot: what its next process loads."""
        self._files = await self._owner.files()
        if len(self._slots) > 1 and not self._loaded.is_set():
            await self._sources.begin(self._files)
        return self._files

    async def accept(self, process: RunnerProcess, manifest: Manifest) -> Difference | None:
        """For a slot: takes a process into service that has loaded what the others have, or which is the only one."""
        async with self._accepting:
            if self._loaded.is_set():
                return await self._compared(process, manifest)
            self._serve(process, manifest)
            return None

    async def _compared(self, process: RunnerProcess, manifest: Manifest) -> Difference | None:
        changed = await self._sources.changed(manifest, self._files) if len(self._slots) > 1 else []
        differing = _differing(manifest, self.manifest)
        sources = [path for path in changed if self._sources.is_source(path)]
        if not (sources or differing):
            self._serve(process, manifest)
        elif self.links.live() is not None:
            return Difference(tuple(sources or changed or differing), is_on_disk=bool(changed))
        else:
            await self._sources.replace(manifest, self._files, process.since)
            self.is_outdated = False
            self._serve(process, manifest, is_changed=bool(differing))
            self._resume_all()
        return None

    def _serve(self, process: RunnerProcess, manifest: Manifest, *, is_changed: bool = False) -> None:
        self.manifest = manifest
        self.links.add(process.link)
        self._loaded.set()
        self._owner.loaded(self, process, is_changed=is_changed)

    def outdated(self) -> None:
        """For a slot: what serves is not the code on disk any more."""
        self.is_outdated = True
        self._owner.outdated(self)

    def lost(self, process: RunnerProcess) -> None:
        """For a slot: its process has ended."""
        self.links.remove(process.link)
        self._owner.lost(self, process)
        if self.links.live() is None:
            self._resume_all()

    def _resume_all(self) -> None:
        """Nothing serves any more that the processes could differ from, or it is what they have found."""
        for slot in self._slots:
            slot.resume()

    def _give_up(self, message: str, fix: str) -> None:
        problem = self.given_up = Problem(f"({self.launch.language} runner)", message, fix)
        self._logs.core(LogLevel.ERROR, f"{problem.file} {message}; {fix}")
        self.links.give_up(message)
        if not self._loaded.is_set():
            self.manifest = Manifest(self.launch.language, problems=(problem,))
            self._loaded.set()
        self._owner.lost_hope(self)


_UNORDERED = ("emits", "flows", "subscribes", "virtualEmits", "virtualSubscribes")
"""Lists of a config whose order means nothing; one that is made of a Python set has another in each process."""


def _differing(one: Manifest, other: Manifest) -> list[str]:
    """The files with which two processes would not do the same; what they import does not count."""
    ours, theirs = _essence(one), _essence(other)
    return sorted({key[1] for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)})


def _essence(manifest: Manifest) -> Mapping[tuple[str, str], object]:
    entries = (("step", manifest.steps), ("stream", manifest.streams))
    loaded = {(kind, entry.file): _plain(entry) for kind, files in entries for entry in files}
    return loaded | {("problem", problem.file): True for problem in manifest.problems}


def _plain(entry: LoadedFile) -> LoadedFile:
    config = entry.config
    if isinstance(config, Mapping):
        lists = {key: config[key] for key in _UNORDERED if isinstance(config.get(key), list)}
        texts = {key: sorted(names) for key, names in lists.items() if all(isinstance(name, str) for name in names)}
        config = {**config, **texts}
    return replace(entry, config=config, imports=())
