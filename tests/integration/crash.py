"""The crash kit: drives load against a project, kills its processes at seeded moments, and counts what was lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgpack

from tests.integration.project import RunningProject, running, write_project

CONCURRENCY = 20
"""Of each queue; with two queues so many deliveries can be in flight when something dies."""
CONNECTIONS = 16
QUEUES = 2
_DOOMED = 101
"""Every event whose number divides by it fails for good."""

FILES = {
    "package.json": "{}",
    "steps/submit.step.ts": """
        export const config = { type: 'api', name: 'Submit', method: 'POST', path: '/submit', emits: ['work'] }
        export const handler = async (req, { emit }) => {
          await emit({ topic: 'work', data: { n: req.body.n } })
          return { status: 202, body: {} }
        }
    """,
    "steps/work.step.ts": f"""
        import {{ appendFileSync }} from 'node:fs'
        import {{ NonRetriableError }} from 'motia'
        const queue = {{ concurrency: {CONCURRENCY}, maxRetries: 20, backoff: {{ delay: 0.05, factor: 1 }} }}
        export const config = {{ type: 'event', name: 'WorkTs', subscribes: ['work'], infrastructure: {{ queue }} }}
        export const handler = async ({{ n }}) => {{
          if (n % {_DOOMED} === 0) throw new NonRetriableError('doomed')
          appendFileSync('done-ts.log', `${{n}}\\n`)
        }}
    """,
    "steps/work_step.py": f"""
queue = {{"concurrency": {CONCURRENCY}, "maxRetries": 20, "backoff": {{"delay": 0.05, "factor": 1}}}}
config = {{"type": "event", "name": "WorkPy", "subscribes": ["work"], "infrastructure": {{"queue": queue}}}}
async def handler(input, ctx):
    with open("done-py.log", "a") as file:
        file.write(f"{{input.n}}\\n")
""",
}


@dataclass
class Account:
    """What is known at the end of a run."""

    acknowledged: set[int] = field(default_factory=set)
    done: dict[str, Counter[int]] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)
    waiting: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    def lost(self) -> set[tuple[str, int]]:
        """What was acknowledged and is neither done nor dead, by language."""
        return {
            (language, n)
            for language, done in self.done.items()
            for n in self.acknowledged
            if n not in done and not (language == "ts" and n in self.dead)
        }

    def duplicates(self) -> int:
        """Runs that were done again."""
        return sum(count - 1 for done in self.done.values() for count in done.values())


class CrashRun:
    """One project, killed again and again."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = write_project(root, FILES)
        self.account = Account()
        self._chance = random.Random(seed)
        self._next = 0
        self._url = ""
        self._up = asyncio.Event()
        self._enough = asyncio.Event()
        self._events = 0

    async def run(self, kills: int, events: int) -> Account:
        """Kills so many times, goes on until so many events are acknowledged, and waits until all are done."""
        load = [asyncio.create_task(self._submit()) for _ in range(CONNECTIONS)]
        left, self._events = kills, events
        while left or len(self.account.acknowledged) < events:
            with running(self.root, command="start") as project:
                self._url = project.url
                self._up.set()
                left = await self._until_core_dies(project, left)
        for task in load:
            task.cancel()  # at a moment when nothing is up, so that no answer is cut off
        await asyncio.wait(load)
        with running(self.root, command="start") as project:
            await self._drained()
            assert project.stop() == 0
        self._count()
        return self.account

    async def _until_core_dies(self, project: RunningProject, left: int) -> int:
        """Kills runners until it is the core's turn; returns how many kills are left."""
        while left:
            # The moment of a kill is what this test is about, so here a wait by the clock is meant.
            await asyncio.sleep(self._chance.uniform(0.05, 0.4))
            victim = self._chance.choice(["core", "node", "python", "runners"])
            self.account.kills[victim] += 1
            left -= 1
            if victim == "core":
                self._up.clear()
                project.process.kill()
                project.process.wait()
                return left
            pids = project.runner_pids()
            for language in ("node", "python") if victim == "runners" else (victim,):
                if language in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pids[language], signal.SIGKILL)
        await self._enough.wait()
        self._up.clear()
        assert project.stop() == 0
        return left

    async def _submit(self) -> None:
        """Submits numbers one after the other; what is answered with 202 is acknowledged."""
        while True:
            await self._up.wait()
            try:
                reader, writer = await asyncio.open_connection(urlsplit(self._url).hostname, urlsplit(self._url).port)
                try:
                    while self._up.is_set():
                        await self._submit_one(reader, writer)
                finally:
                    writer.close()
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)

    async def _submit_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._next += 1
        n = self._next
        body = b'{"n": %d}' % n
        writer.write(
            b"POST /submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        ]
        await reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 202 "):
            self.account.acknowledged.add(n)
            if len(self.account.acknowledged) >= self._events:
                self._enough.set()

    async def _drained(self) -> None:
        """Returns when no event waits any more."""
        async with asyncio.timeout(120):
            while self._rows("SELECT count(*) FROM messages") != [(0,)]:  # noqa: ASYNC110 - another process knows
                await asyncio.sleep(0.05)

    def _count(self) -> None:
        for language in ("ts", "py"):
            lines = (self.root / f"done-{language}.log").read_text().splitlines()
            self.account.done[language] = Counter(map(int, lines))
        self.account.dead = {msgpack.unpackb(data)["n"] for (data,) in self._rows("SELECT data FROM dead_letters")}
        self.account.waiting = len(self._rows("SELECT id FROM messages"))

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.root / ".runtime" / "runtime.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()
