"""One runner process, from its start to its death."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import Process

from runtime import allocator
from runtime.config import LinkSettings
from runtime.model import LogLevel
from runtime.runners.discovery import LanguageFiles
from runtime.runners.link import Link
from runtime.runners.output import Output
from runtime.runners.programs import Launch
from runtime.runners.server import RunnerServer
from runtime.services.logs import LogService

_LAUNCH = Path(__file__).with_name("launch.py")
EXIT_UNFIT = 78
"""A runner's word that another start would end in the same way (PROTOCOL.md, section 2)."""
_CANNOT_START = 1
KILL_AFTER = 2.0
"""Seconds that a process has to leave when its grace is over, or its stream has ended."""
_LAST_FRAMES_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended; a negative code is a signal's number. `last_words` is its last line on stderr."""

    code: int
    last_words: str

    def __str__(self) -> str:
        return f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"


class RunnerProcess:
    """Owns one process: it is started, waits to be told what to load, and serves until it ends."""

    def __init__(
        self,
        launch: Launch,
        command: Sequence[str],
        start: int,
        link: Link,
        settings: LinkSettings,
        server: RunnerServer,
        logs: LogService,
        *,
        debug_port: int = 0,
    ) -> None:
        """`command` is the launch's, or that with a debugger, which listens at `debug_port`, 0 without one; `start`
        counts the starts of the language."""
        self.launch = launch
        self.link = link
        self.debug_port = debug_port
        self.pid: int | None = None
        self.since = time.time()
        """The Unix time of its start."""
        self.ending: Ending | None = None
        """None while it runs."""
        self.ended = asyncio.Event()
        self.is_leaving = False
        """True when its end was asked for."""
        self._command = command
        self._start_number = start
        self._settings = settings
        self._server = server
        self._logs = logs
        self._process: Process | None = None
        self._is_killed = False
        self._told_at: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """When it was told what to load, on the event loop's clock."""
        self._kill_timer: asyncio.TimerHandle | None = None

    def load(self, files: LanguageFiles) -> None:
        """Has it load these files, for which it has `link.loadTimeout` from now on; to be called once at most."""
        self.link.load(files)
        self._told_at.set_result(asyncio.get_running_loop().time())

    def drain(self, grace: float) -> None:
        """Lets it finish what runs, for at most the grace (seconds), and leave; then it is killed."""
        self.is_leaving = True
        self.link.drain(grace)
        self._kill_timer = asyncio.get_running_loop().call_later(grace + KILL_AFTER, self.kill)

    def kill(self) -> None:
        """Ends it now, and what it has started; without effect once it has ended."""
        self._is_killed = True
        if self._process is not None and self._process.returncode is None:
            _kill_group(self._process)

    async def run(self) -> None:
        """Starts it, and returns when it has ended."""
        output = Output(self.launch.language, self._logs, self.link.lines, is_inspected=self.debug_port > 0)
        secret = self._server.expect(self.link)
        code = _CANNOT_START
        try:
            self._process = await self._start(secret)
            self.pid = self._process.pid
            code = await self._live(self._process, output)
        except OSError as error:
            output.last_words = f"it cannot be started: {error.strerror}"
        finally:
            self._server.forget(secret)
            self.link.lose()
            if self._kill_timer is not None:
                self._kill_timer.cancel()
            if self._process is not None:
                with anyio.CancelScope(shield=True):
                    self.kill()
                    await self._process.aclose()
                    code = await self._process.wait()
            self.link.lines.end()
            self.ending = Ending(code, output.last_words)
            self.ended.set()

    async def _live(self, process: Process, output: Output) -> int:
        if self._is_killed:
            _kill_group(process)
        async with anyio.create_task_group() as watchers:
            async with anyio.create_task_group() as captures:
                captures.start_soon(output.capture, process.stdout, LogLevel.INFO)
                captures.start_soon(output.capture, process.stderr, LogLevel.WARN)
                watchers.start_soon(self._watch_loading)
                watchers.start_soon(self._end_with_stream)
                code = await process.wait()
                with anyio.move_on_after(_LAST_FRAMES_SECONDS):
                    await self.link.closed.wait()
                self.link.lose()
                output.end(captures.cancel_scope)
            watchers.cancel_scope.cancel()
        return code

    async def _start(self, secret: str) -> Process:
        environment: Mapping[str, str] = {
            **allocator.ENVIRONMENT,
            **self.launch.environment,
            "RUNTIME_ADDRESS": self._server.address,
            "RUNTIME_SECRET": secret,
            "RUNTIME_PROJECT_ROOT": str(self.launch.root),
            "RUNTIME_GENERATION": str(self._start_number),
            "RUNTIME_CACHE_DIR": str(self.launch.cache),
        }
        return await anyio.open_process(
            [sys.executable, "-S", "-E", str(_LAUNCH), str(os.getpid()), *self._command],
            stdin=subprocess.DEVNULL,
            cwd=self.launch.root,
            env=environment,
            start_new_session=True,
        )

    async def _watch_loading(self) -> None:
        """Kills a process that takes too long to load, or to say who it is; one under inspection may stand at a
        breakpoint meanwhile."""
        if self.debug_port:
            return
        timeout = self._settings.load_timeout
        with anyio.move_on_after(timeout):
            await self.link.greeted.wait()
        if self.link.greeted.is_set():
            left = await asyncio.shield(self._told_at) + timeout - anyio.current_time()
            with anyio.move_on_after(left):
                await asyncio.wait([self.link.loaded])
        if not self.link.loaded.done():
            self._logs.core(LogLevel.ERROR, f"the {self.launch.language} runner did not load within {timeout:g} s")
            self.kill()

    async def _end_with_stream(self) -> None:
        """Kills a process that lives on without its stream: nothing can reach it any more."""
        await self.link.closed.wait()
        await anyio.sleep(KILL_AFTER)
        self.kill()


def _kill_group(process: Process) -> None:
    """Kills a process and what it has started, which is in its process group unless it has left that."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # it is ending; some systems refuse the group of such a one
        process.kill()
