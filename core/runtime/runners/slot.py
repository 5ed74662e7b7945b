"""One of the processes of a generation, and those that come after it: restart with backoff."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

import anyio

from runtime.config import LinkSettings
from runtime.model import LogLevel, Manifest, RunnerState
from runtime.runners.discovery import LanguageFiles
from runtime.runners.process import EXIT_UNFIT, RunnerProcess
from runtime.services.logs import LogService

_MOST_DOUBLINGS = 64
"""Of the wait before a restart, which is bounded long before."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The files with which a process differs from the others; `is_on_disk` where they have changed between loads."""

    files: tuple[str, ...]
    is_on_disk: bool


class Owner(Protocol):
    """Who a slot's processes come from, and serve."""

    def start(self) -> RunnerProcess:
        """A new process, started and waiting for its load."""

    async def files(self) -> LanguageFiles:
        """What there is to load now."""

    async def accept(self, process: RunnerProcess, manifest: Manifest) -> Difference | None:
        """Takes a process that has loaded into service; else in what it differs from the other processes."""

    def outdated(self) -> None:
        """What serves is not the code on disk any more, as a process found that has loaded later."""

    def lost(self, process: RunnerProcess) -> None:
        """Takes it out of service: it has ended."""


class Slot:
    """Keeps one process running until it is told to end, or until it is clear that none will come up."""

    def __init__(
        self,
        number: int,
        called: str,
        settings: LinkSettings,
        logs: LogService,
        owner: Owner,
    ) -> None:
        """`called` is what messages call the process."""
        self.number = number
        self.process: RunnerProcess | None = None
        """None while it waits for the next."""
        self.restarts = 0
        self.given_up = ""
        """Why no process will come up; empty while there is hope."""
        self.is_unfit = False
        """Whether that is the runner's own word: what it needs is not there."""
        self.has_loaded = False
        """Whether the present process serves."""
        self.settled = asyncio.Event()
        """Set when the first process has loaded, or has ended without."""
        self.since = time.time()
        """The Unix time at which the process was started, or the one before has ended."""
        self.called = called
        self._has_served = False
        """Whether one of its processes ever has."""
        self._turn: asyncio.Event | None = None
        """What it waits for where the code on disk is not what serves beside it; None where it does not."""
        self._settings = settings
        self._logs = logs
        self._owner = owner
        self._scope = anyio.CancelScope()
        self._deaths = 0
        """In a row, each before it had served for long."""
        self._load_deaths = 0
        """In a row, each before it had loaded."""

    @property
    def state(self) -> RunnerState:
        """What it does now; a process that has loaded counts as serving."""
        if self.given_up:
            return "given up"
        if self.process is None:
            return "waiting"
        if self.has_loaded:
            return "serving"
        return "loading" if self.process.link.is_welcomed else "starting"

    async def run(self, first: RunnerProcess, files: LanguageFiles) -> None:
        """Has a process load these files, and each that comes after it what there is then."""
        with self._scope:
            process = first
            try:
                while await self._live(process, files):
                    await self._pause()
                    files = await self._owner.files()
                    self.restarts += 1
                    process = self._owner.start()
            finally:
                process.kill()

    def drain(self, grace: float) -> None:
        """Ends it: what runs may finish, for at most the grace (seconds)."""
        if self.process is not None and self.has_loaded:
            self.process.drain(grace)
        else:
            self.kill()

    def kill(self) -> None:
        """Ends it now."""
        self._scope.cancel()
        if self.process is not None:
            self.process.kill()

    def resume(self) -> None:
        """Has it serve what is on disk, where it waits because the others served something else."""
        if self._turn is not None:
            self._turn.set()

    async def _pause(self) -> None:
        if self._turn is None:
            await anyio.sleep(self._backoff)
        else:
            await self._turn.wait()
            self._turn = None

    @property
    def _backoff(self) -> float:
        doublings = max(0, min(self._deaths, _MOST_DOUBLINGS) - 1)
        return min(self._settings.restart_backoff * 2.0**doublings, self._settings.restart_backoff_max)

    async def _live(self, process: RunnerProcess, files: LanguageFiles) -> bool:
        """One process to its end; whether there is to be another."""
        self.process, self.since = process, process.since
        process.load(files)
        loaded_at = await self._loaded(process)
        await process.ended.wait()
        self._owner.lost(process)
        self.process, self.has_loaded, self.since = None, False, time.time()
        self.settled.set()
        if process.is_leaving or self.given_up:
            return False
        if self._turn is not None:
            return True
        self._count(loaded_at)
        return self._has_hope(process, was_loaded=loaded_at is not None)

    async def _loaded(self, process: RunnerProcess) -> float | None:
        """When it began to serve, on the event loop's clock; None where it never will."""
        loaded = process.link.loaded
        await asyncio.wait([loaded])
        if loaded.cancelled():
            return None
        difference = await self._owner.accept(process, loaded.result())
        if difference is not None:
            self._part(difference)
            process.kill()
            return None
        self.has_loaded = self._has_served = True
        self.settled.set()
        return asyncio.get_running_loop().time()

    def _part(self, difference: Difference) -> None:
        """Leaves the work to the others: what this process has loaded is not what they have."""
        files = ", ".join(difference.files)
        if not (self._has_served or difference.is_on_disk):
            self.given_up = (
                f"is left out: what it has loaded of {files} differs from what the other processes have; what a "
                "config says must not depend on the process or the time"
            )
            return
        self._turn = asyncio.Event()
        why = "has changed on disk since the others began to load"
        if not difference.is_on_disk:
            why = "has given it something else than the others"
        self._logs.core(LogLevel.WARN, f"{self.called} waits for the next reload: {files} {why}")
        self._owner.outdated()

    def _count(self, loaded_at: float | None) -> None:
        served = 0.0 if loaded_at is None else asyncio.get_running_loop().time() - loaded_at
        self._deaths = 0 if served >= self._settings.stable_after else self._deaths + 1
        self._load_deaths = self._load_deaths + 1 if loaded_at is None else 0

    def _has_hope(self, process: RunnerProcess, *, was_loaded: bool) -> bool:
        """Says that a process has ended, and whether another may do better."""
        ending = process.ending
        assert ending is not None
        if ending.code == EXIT_UNFIT and not was_loaded:
            self.is_unfit = True
            self.given_up = ending.last_words or "it cannot run here, and does not say why"
            return False
        then = "is started again" if was_loaded else "did not come up"
        self._logs.core(LogLevel.WARN, f"{self.called} ended ({ending}) and {then}")
        if self._load_deaths == self._settings.max_load_deaths:
            words = ending.last_words or "it printed nothing"
            self.given_up = f"died {self._load_deaths} times before it had loaded: {words}"
        return not self.given_up
