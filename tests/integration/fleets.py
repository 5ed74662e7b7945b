"""A fleet with real runner processes, over a project of steps that say their word."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from runtime.catalog import Catalog
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.dispatcher import Dispatcher
from runtime.model import Invocation, LogLevel, Outcome, RunnerStatus, Step, TriggerKind, whole
from runtime.runners.candidate import Candidate
from runtime.runners.fleet import Fleet
from runtime.services.logs import LogService
from runtime.values import decode, encode
from tests.fakes import ListSink
from tests.integration.project import is_alive, write_project

PATIENCE = 30.0
SOON = {"restartBackoff": 0.01, "restartBackoffMax": 0.02, "maxLoadDeaths": 2}
SAYS = {
    "python": """
import asyncio, os
config = {{"type": "event", "name": "Says-python", "subscribes": ["t"]}}
async def handler(input, ctx):
    if input and input.get("file"):
        while not os.path.exists(input["file"]):
            await asyncio.sleep(0.01)
    return {{"word": "{word}", "pid": os.getpid()}}
""",
    "node": """
import fs from 'node:fs'
export const config = {{ type: 'event', name: 'Says-node', subscribes: ['t'] }}
export const handler = async (input) => {{
  while (input?.file && !fs.existsSync(input.file)) await new Promise((done) => setTimeout(done, 10))
  return {{ word: '{word}', pid: process.pid }}
}}
""",
}
STEP = {"python": "steps/says_step.py", "node": "steps/says.step.ts"}
LANGUAGES = tuple(SAYS)


def says(language: str, word: str) -> dict[str, str]:
    return {STEP[language]: SAYS[language].format(word=word)}


class Project(NamedTuple):
    """A fleet that runs, and what it says."""

    root: Path
    fleet: Fleet
    sink: ListSink

    async def renew(self, *languages: str, environ: Mapping[str, str] | None = None) -> Catalog:
        """A renewal that takes over; of everything when nothing is named."""
        async with self.fleet.renewal(languages or None, environ) as candidate:
            catalog = await loaded(candidate)
            candidate.take_over()
        return catalog

    async def ask(self, language: str, **given: Any) -> Outcome:
        """Runs the step that says its word."""
        step = Step(f"Says-{language}", language, STEP[language], "event")
        invocation = Invocation(step, TriggerKind.EVENT, encode(given), "f" * 32)
        return await Dispatcher(self.fleet.pools).dispatch(invocation, PATIENCE)

    async def answer(self, language: str, **given: Any) -> dict[str, Any]:
        """What it says."""
        outcome = await self.ask(language, **given)
        assert outcome.failure is None, outcome.failure
        said: dict[str, Any] = decode(whole(outcome.payload))
        return said

    def status(self, language: str, state: str | None = None) -> list[RunnerStatus]:
        """Its processes, those in a state when one is named."""
        found = [status for status in self.fleet.status() if status.language == language]
        return [status for status in found if state in (None, status.state)]

    async def until(self, language: str, *states: str) -> list[RunnerStatus]:
        """Waits until its processes are in these states, in this order."""
        await until(lambda: tuple(status.state for status in self.status(language)) == states)
        return self.status(language)

    async def spare(self, language: str) -> RunnerStatus:
        """The process that stands ready, once it is there."""
        await until(lambda: any(status.pid for status in self.status(language, "spare")))
        return self.status(language, "spare")[0]

    async def until_logged(self, text: str) -> str:
        """Waits for a log line that holds the text."""
        await until(lambda: any(text in record.message for record in self.sink.records))
        return next(record.message for record in self.sink.records if text in record.message)


async def until(check: Callable[[], bool]) -> None:
    """Asks again and again until the check holds, for there is nobody who tells. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while not check():  # noqa: ASYNC110 - other processes know
            await asyncio.sleep(0.01)


async def loaded(candidate: Candidate) -> Catalog:
    async with asyncio.timeout(PATIENCE):
        return await candidate.catalog()


async def gone(pid: int | None) -> None:
    """Waits for the end of a process."""
    assert pid is not None
    await until(lambda: not is_alive(pid))


@asynccontextmanager
async def fleet_of(root: Path, files: Mapping[str, str], **settings: Any) -> AsyncIterator[Project]:
    """A fleet over the files of which nothing serves yet."""
    write_project(root, files)
    sink = ListSink()
    logs = LogService(sink, SystemClock(), LogLevel.DEBUG)
    given = Settings.model_validate({"link": SOON, **settings})
    fleet = Fleet(root, given, os.environ, None, logs)
    async with fleet.running(Grace(5.0)):
        yield Project(root, fleet, sink)


@asynccontextmanager
async def serving(root: Path, files: Mapping[str, str], **settings: Any) -> AsyncIterator[Project]:
    """The same when it serves."""
    async with fleet_of(root, files, **settings) as project:
        await project.renew()
        yield project
