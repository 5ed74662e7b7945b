"""Keeping a language's runner alive: start, load, restart after a death, drain at the end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import ByteReceiveStream, Process

from runtime import allocator
from runtime.config import LinkSettings
from runtime.model import LogLevel, Manifest, Problem
from runtime.runners.link import Link
from runtime.runners.pool import Pool
from runtime.runners.server import RunnerServer
from runtime.services.logs import LogService

_LAUNCH = Path(__file__).with_name("launch.py")
_LINE_BYTES = 16 * 1024
_KILL_AFTER = 2.0
_LAST_WORDS_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Launch:
    """What is needed to start a runner process."""

    language: str
    command: tuple[str, ...]
    root: Path
    cache: Path


class RunnerProcess:
    """Owns one runner process and its successors."""

    def __init__(
        self,
        launch: Launch,
        settings: LinkSettings,
        server: RunnerServer,
        pool: Pool,
        logs: LogService,
        new_link: Callable[[], Link],
    ) -> None:
        self.first_manifest: asyncio.Future[Manifest] = asyncio.get_running_loop().create_future()
        self._stopping = False
        self._link: Link | None = None
        self._process: Process | None = None
        self._launch = launch
        self._settings = settings
        self._server = server
        self._pool = pool
        self._logs = logs
        self._new_link = new_link
        self._generation = 0
        self._stderr_tail = ""

    async def run(self) -> None:
        """Keeps the runner running until `stop`, or until it has died too often without loading."""
        deaths = 0
        while not self._stopping and deaths < self._settings.max_load_deaths:
            had_loaded = await self._live_once()
            deaths = 0 if had_loaded else deaths + 1
            if not self._stopping:
                wait = self._settings.restart_backoff * 2 ** max(0, deaths - 1)
                await anyio.sleep(min(wait, self._settings.restart_backoff_max))
        if not self._stopping:
            self._give_up()

    async def stop(self, grace: float) -> None:
        """Lets the process finish what runs, for at most the grace (seconds), then kills it; at once while it loads."""
        self._stopping = True
        if self._link is None or self._process is None:
            return
        if self._link.loaded.done():
            self._link.drain(grace)
            with anyio.move_on_after(grace + _KILL_AFTER):
                await self._process.wait()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _live_once(self) -> bool:
        """One process from start to death; true when it got as far as its manifest."""
        self._generation += 1
        self._link = link = self._new_link()
        secret = self._server.expect(link)
        self._process = process = await self._start(secret)
        try:
            async with anyio.create_task_group() as watchers:
                async with anyio.create_task_group() as output:
                    output.start_soon(self._capture, process.stdout, LogLevel.INFO)
                    output.start_soon(self._capture, process.stderr, LogLevel.WARN)
                    watchers.start_soon(self._put_in_service, link, process)
                    watchers.start_soon(self._end_with_stream, link, process)
                    code = await process.wait()
                    with anyio.move_on_after(_LAST_WORDS_SECONDS):
                        await link.closed.wait()
                    link.lose()
                    output.cancel_scope.deadline = anyio.current_time() + _LAST_WORDS_SECONDS
                watchers.cancel_scope.cancel()
        finally:
            self._link = self._process = None
            self._server.forget(secret)
            self._pool.remove(link)
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()
        had_loaded = link.loaded.done() and not link.loaded.cancelled()
        if not self._stopping:
            then = "is started again" if had_loaded else "did not come up"
            self._logs.core(LogLevel.WARN, f"the {self._launch.language} runner ended ({_ending(code)}) and {then}")
        return had_loaded

    async def _start(self, secret: str) -> Process:
        environment: Mapping[str, str] = {
            **allocator.ENVIRONMENT,
            **os.environ,
            "RUNTIME_ADDRESS": self._server.address,
            "RUNTIME_SECRET": secret,
            "RUNTIME_PROJECT_ROOT": str(self._launch.root),
            "RUNTIME_GENERATION": str(self._generation),
            "RUNTIME_CACHE_DIR": str(self._launch.cache),
        }
        return await anyio.open_process(
            [sys.executable, "-S", "-E", str(_LAUNCH), str(os.getpid()), *self._launch.command],
            stdin=subprocess.DEVNULL,
            cwd=self._launch.root,
            env=environment,
            start_new_session=True,
        )

    async def _put_in_service(self, link: Link, process: Process) -> None:
        """Waits for the manifest; a runner that takes too long is killed, which counts as a death while loading."""
        with anyio.move_on_after(self._settings.load_timeout):
            await asyncio.wait([link.loaded])
        if link.loaded.cancelled():
            return
        if not link.loaded.done():
            message = f"the {self._launch.language} runner did not load within {self._settings.load_timeout:g} s"
            self._logs.core(LogLevel.ERROR, message)
            process.kill()
            return
        self._pool.add(link)
        if not self.first_manifest.done():
            self.first_manifest.set_result(link.loaded.result())

    async def _end_with_stream(self, link: Link, process: Process) -> None:
        """Kills a process that lives on without its stream: nothing can reach it any more."""
        await link.closed.wait()
        await anyio.sleep(_KILL_AFTER)
        process.kill()

    async def _capture(self, stream: ByteReceiveStream | None, level: LogLevel) -> None:
        """Turns what the process prints into log lines; an endless line is cut into pieces."""
        assert stream is not None
        pending = b""
        async for data in stream:
            *lines, pending = (pending + data).split(b"\n")
            if len(pending) > _LINE_BYTES:
                lines, pending = [*lines, pending], b""
            for line in lines:
                self._print(line, level)
        if pending:
            self._print(pending, level)

    def _print(self, line: bytes, level: LogLevel) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if level is LogLevel.WARN:
            self._stderr_tail = f"{self._stderr_tail}\n{text}"[-2000:]
        self._logs.core(level, text, source=self._launch.language)

    def _give_up(self) -> None:
        program = self._launch.command[0]
        said = self._stderr_tail.strip().splitlines()
        reason = said[-1] if said else "it printed nothing"
        problem = Problem(
            f"({self._launch.language} runner)",
            f"died {self._settings.max_load_deaths} times before it had loaded: {reason}",
            f"check that '{program}' runs, and see the log above",
        )
        self._logs.core(LogLevel.ERROR, f"{problem.file} {problem.message}")
        if not self.first_manifest.done():
            self.first_manifest.set_result(Manifest(self._launch.language, problems=(problem,)))


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
