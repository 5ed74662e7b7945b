"""Debuggers: each language's has a port that people know, whichever process of the language serves behind it.

A process has its debugger listen at a port of its own, and what comes to the known one is carried there and back.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskGroup, TaskStatus

from runtime.errors import RunnerFault
from runtime.model import LogLevel
from runtime.runners.inspection import Inspection
from runtime.services.logs import LogService

LOOPBACK = "127.0.0.1"
MAX_CONNECTIONS = 64
"""Connections of debuggers that may be open at once; one over that is turned away."""
WAIT_SECONDS = 30.0
"""How long one may wait for a process to speak with."""
_DEBUGPY = "debugpy"
_IMPORT_SECONDS = 30.0


class Inspector:
    """The known port of one language's debugger."""

    def __init__(self, language: str, port: int, logs: LogService) -> None:
        """`port` is where people find it, on this machine only."""
        self._language = language
        self._port = port
        self._logs = logs
        self._target: int | None = None
        self._moved = asyncio.Event()
        self._open: set[Inspection] = set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Owns the port until it is cancelled; has started when it listens. Raises `RunnerFault` for a taken port."""
        with self._bind() as listener:
            async with anyio.create_task_group() as tasks:
                server = await asyncio.start_server(partial(self._accept, tasks), sock=listener)
                try:
                    self._logs.core(LogLevel.DEBUG, f"the {self._language} debugger is at {LOOPBACK}:{self._port}")
                    task_status.started()
                    await anyio.sleep_forever()
                finally:
                    server.close()

    def point_at(self, port: int | None) -> None:
        """Leads to the process whose debugger is at this port of 127.0.0.1; None while there is none.

        Debuggers of the process before are sent away; they come back to the known port and find this one.
        """
        if port == self._target:
            return
        self._target = port
        self._moved.set()
        self._moved = asyncio.Event()
        for inspection in self._open:
            inspection.leave()

    def _bind(self) -> socket.socket:
        try:
            return socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            raise RunnerFault(
                f"port {self._port} for the {self._language} debugger cannot be opened: {error.strerror}",
                f"end what uses it, or choose another: `--inspect {self._language}={self._port % 65535 + 1}`",
            ) from error

    def _accept(self, tasks: TaskGroup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) == MAX_CONNECTIONS:
            writer.transport.abort()
            return
        inspection = Inspection(reader, writer)
        self._open.add(inspection)
        tasks.start_soon(self._serve, inspection)

    async def _serve(self, inspection: Inspection) -> None:
        try:
            with anyio.move_on_after(WAIT_SECONDS):
                await self._dial(inspection)
            await inspection.carry()
        finally:
            self._open.discard(inspection)
            inspection.close()

    async def _dial(self, inspection: Inspection) -> None:
        """Connects it to the process that serves, or to the next one to serve."""
        while True:
            port, moved = self._target, self._moved
            if port is not None and await inspection.dial(LOOPBACK, port):
                if port == self._target:
                    return
                inspection.hang_up()
            await moved.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens at."""
    with socket.create_server((LOOPBACK, 0)) as found:
        port: int = found.getsockname()[1]
        return port


async def dismiss(port: int) -> None:
    """Sends away what a killed process may have left of its debugger.

    The adapter that debugpy starts beside the process ends with it, but one whose process is killed before the two have
    met waits for ever: until its first client has come and gone.
    """
    with suppress(OSError):
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.close()


async def missing_debugger(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Why a command with a debugger cannot run for want of debugpy, and what to do; empty when it can.

    Starts the command's interpreter with these variables, where it needs debugpy.
    """
    if _DEBUGPY not in command:
        return ""
    try:
        with anyio.fail_after(_IMPORT_SECONDS):
            done = await anyio.run_process(
                [command[0], "-c", f"import {_DEBUGPY}"], env=dict(environ), stdin=subprocess.DEVNULL, check=False
            )
    except (OSError, TimeoutError):
        return ""  # whatever is wrong with the interpreter is not the debugger, and is told when the runner starts
    if done.returncode == 0:
        return ""
    *_, said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it does not say why"]
    return f"the Python of the steps cannot import {_DEBUGPY}, which --inspect needs ({said})"


INSTALL_DEBUGGER = f"add {_DEBUGPY} to requirements.txt and run `runtime install`"
"""What to do about a missing debugger."""
