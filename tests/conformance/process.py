"""A runner's process, started the way the core starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.config import Settings
from runtime.runners import launch
from runtime.runners.programs import find_programs
from tests.conformance.project import Project

PATIENCE = 10.0
"""Seconds that anything may take for which the protocol sets no time."""


class RunnerProcess:
    """A running process and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.stdout = b""
        self.stderr = b""
        self.ended = asyncio.create_task(process.wait())
        self._process = process
        self._printed = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, "stdout")),
            asyncio.create_task(self._read(process.stderr, "stderr")),
        ]

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def exit_code(self) -> int:
        """Waits for the end, and for all that was printed."""
        try:
            async with asyncio.timeout(PATIENCE):
                code = await asyncio.shield(self.ended)
                await asyncio.gather(*self._readers)
        except TimeoutError:
            raise AssertionError(f"the process did not end within {PATIENCE:g} s; stderr: {self.stderr!r}") from None
        return code

    async def has_printed(self, text: str, times: int = 1) -> None:
        """Waits until stdout holds the text so often."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self.stdout.count(text.encode()) < times:
                    self._printed.clear()
                    await self._printed.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} was not printed {times} times within {PATIENCE:g} s") from None

    async def kill(self) -> None:
        """Ends the process and its children; they have a process group of their own."""
        if self._process.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
        await self.exit_code()

    async def _read(self, stream: asyncio.StreamReader | None, name: str) -> None:
        assert stream is not None
        while data := await stream.read(1 << 16):
            setattr(self, name, getattr(self, name) + data)
            self._printed.set()


@asynccontextmanager
async def running(project: Project, environment: Mapping[str, str]) -> AsyncIterator[RunnerProcess]:
    """Runs the project's runner for the time of the context."""
    command = project.runner.command(find_programs(Settings()))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-S", "-E", str(Path(launch.__file__)), str(os.getpid())),
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project.root,
        # Not what silences the double's own gRPC: a runner has to see to that itself.
        env={**{name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}, **environment},
        start_new_session=True,
    )
    runner = RunnerProcess(process)
    try:
        yield runner
    finally:
        await runner.kill()
