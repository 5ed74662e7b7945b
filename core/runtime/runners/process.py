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
from anyio.abc import Process

from runtime import allocator
from runtime.config import LinkSettings
from runtime.model import LogLevel, Manifest, Problem
from runtime.runners.link import Link
from runtime.runners.output import Output
from runtime.runners.pool import Pool
from runtime.runners.programs import Launch
from runtime.runners.server import GRPC_ENVIRONMENT, RunnerServer
from runtime.services.logs import LogService

_LAUNCH = Path(__file__).with_name("launch.py")
EXIT_UNFIT = 78
"""A runner's word that another start would end in the same way (PROTOCOL.md, section 2)."""
_KILL_AFTER = 2.0
_LAST_WORDS_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Ended:
    """How one process ended."""

    code: int
    had_loaded: bool
    last_words: str


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
        self.given_up: Problem | None = None
        """Why no runner will come up; None while there is hope."""
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

    async def run(self) -> None:
        """Keeps the runner running until `stop`, or until it is clear that it will not come up."""
        fault = self._launch.fault()
        if fault:
            self._give_up(fault, self._launch.fix)
            return
        if self._launch.notice:
            self._logs.core(
                LogLevel.WARN, f"{self._launch.notice} and is passed over; run `runtime install` to make it one"
            )
        deaths = 0
        while not self._stopping:
            ended = await self._live_once()
            if self._stopping:
                return
            deaths = 0 if ended.had_loaded else deaths + 1
            if ended.code == EXIT_UNFIT and not ended.had_loaded:
                self._give_up(ended.last_words or "it cannot run here, and does not say why", self._launch.fix)
                return
            then = "is started again" if ended.had_loaded else "did not come up"
            message = f"the {self._launch.language} runner ended ({_ending(ended.code)}) and {then}"
            self._logs.core(LogLevel.WARN, message)
            if deaths == self._settings.max_load_deaths:
                self._give_up(
                    f"died {deaths} times before it had loaded: {ended.last_words or 'it printed nothing'}",
                    f"check that {self._launch.called or repr(self._launch.command[0])} runs, and see the log above",
                )
                return
            wait = self._settings.restart_backoff * 2 ** max(0, deaths - 1)
            await anyio.sleep(min(wait, self._settings.restart_backoff_max))

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

    async def _live_once(self) -> _Ended:
        """One process from start to death."""
        self._generation += 1
        output = Output(self._launch.language, self._logs)
        self._link = link = self._new_link()
        secret = self._server.expect(link)
        self._process = process = await self._start(secret)
        try:
            async with anyio.create_task_group() as watchers:
                async with anyio.create_task_group() as captures:
                    captures.start_soon(output.capture, process.stdout, LogLevel.INFO)
                    captures.start_soon(output.capture, process.stderr, LogLevel.WARN)
                    watchers.start_soon(self._put_in_service, link, process)
                    watchers.start_soon(self._end_with_stream, link, process)
                    code = await process.wait()
                    with anyio.move_on_after(_LAST_WORDS_SECONDS):
                        await link.closed.wait()
                    link.lose()
                    captures.cancel_scope.deadline = anyio.current_time() + _LAST_WORDS_SECONDS
                watchers.cancel_scope.cancel()
        finally:
            self._link = self._process = None
            self._server.forget(secret)
            self._pool.remove(link)
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()
        return _Ended(code, link.loaded.done() and not link.loaded.cancelled(), output.last_words)

    async def _start(self, secret: str) -> Process:
        environment: Mapping[str, str] = {
            **allocator.ENVIRONMENT,
            **GRPC_ENVIRONMENT,
            **self._launch.environment,
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

    def _give_up(self, message: str, fix: str) -> None:
        problem = self.given_up = Problem(f"({self._launch.language} runner)", message, fix)
        self._logs.core(LogLevel.ERROR, f"{problem.file} {message}; {fix}")
        self._pool.give_up(message)
        if not self.first_manifest.done():
            self.first_manifest.set_result(Manifest(self._launch.language, problems=(problem,)))


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
