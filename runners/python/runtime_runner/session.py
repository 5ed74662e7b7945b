"""What there is between the welcome and the end: each kind of envelope goes to its owner."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from runtime_runner import eventloop, failure, loader, threads
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.bodies import Bodies
from runtime_runner.execute import Executor
from runtime_runner.hooks import Hooks
from runtime_runner.hostcalls import HostCalls
from runtime_runner.logs import Logs
from runtime_runner.modules import Modules
from runtime_runner.outbox import Outbox
from runtime_runner.prints import Prints
from runtime_runner.project import Project
from runtime_runner.project_config import ProjectConfig
from runtime_runner.transfers import Transfers

Own = Callable[[Coroutine[Any, Any, None]], object]


class Session:
    """The work of one welcomed connection.

    `own` runs what takes longer than its envelope; `on_drained` is called when a `Drain` has been carried out.
    """

    def __init__(
        self, outbox: Outbox, welcome: pb.Welcome, project: Project, own: Own, on_drained: Callable[[], Awaitable[None]]
    ) -> None:
        loop = asyncio.get_running_loop()
        limits = welcome.limits
        self._outbox = outbox
        self._project = project
        self._on_drained = on_drained
        self._modules = Modules(project)
        self._transfers = Transfers(limits.max_payload_bytes)
        self._logs = Logs(outbox, loop, project)
        self._calls = HostCalls(outbox, limits, loop)
        self._bodies = Bodies(outbox, welcome)
        prints = Prints(self._logs, welcome.session if pb.FEATURE_COPIED_PRINTS in welcome.features else "")
        self._executor = Executor(outbox, self._calls, self._logs, prints, self._bodies, limits, project)
        self._hooks = Hooks(outbox, limits, ProjectConfig(self._modules, project), project)
        self._loading = asyncio.Lock()
        self._owners: dict[str, Callable[[Any], object]] = {
            "load": lambda load: own(self._load(load)),
            "invoke": lambda invoke: self._executor.invoke(invoke, self._transfers.payload_of(invoke)),
            "chunk": self._transfers.add,
            "cancel": self._executor.cancel,
            "host_reply": lambda reply: self._calls.answer(reply, self._transfers.payload_of(reply)),
            "call": lambda call: self._hooks.begin(call, self._transfers.payload_of(call)),
            "body_read": self._bodies.read,
            "drain": lambda drain: own(self._drain(drain)),
            "ping": self._pong,
        }
        self._modules.install()
        prints.install()
        loop.set_default_executor(threads.InContext())
        loop.set_exception_handler(self._log_stray)

    def dispatch(self, kind: str, message: Any) -> None:
        """Hands a message to its owner; one of an unknown kind is ignored. Raises ProtocolError."""
        owner = self._owners.get(kind)
        if owner is not None:
            owner(message)

    async def _load(self, message: pb.Load) -> None:
        # One after the other: the last one's steps must be those that stay.
        async with self._loading:
            loaded = await loader.load(message, self._modules, self._project)
            self._executor.replace_steps(loaded.steps)
            self._hooks.replace_streams(loaded.streams)
            for warning in loaded.warnings:
                self._logs.write(None, pb.LOG_LEVEL_WARN, warning)
            self._outbox.put(pb.RunnerEnvelope(manifest=loaded.manifest))

    async def _drain(self, message: pb.Drain) -> None:
        await asyncio.gather(self._executor.drain(message.grace_ms), self._hooks.drain(message.grace_ms))
        await self._on_drained()

    def _pong(self, message: pb.Ping) -> None:
        pong = pb.Pong(nonce=message.nonce, in_flight=self._executor.in_flight, memory_bytes=_memory_bytes())
        pong.cpu_ms = int(time.process_time() * 1000)
        self._outbox.put(pb.RunnerEnvelope(pong=pong))

    def _log_stray(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # What a task or callback that the user's code left behind has thrown, where nobody catches it.
        if eventloop.is_told(context):
            return
        error = context.get("exception")
        if isinstance(error, BaseException):
            found = failure.of(error, self._project)
            step = eventloop.step_of(context)
            whose = f"In a task or callback of {step}, and the runner goes on: " if step else ""
            self._logs.write(None, pb.LOG_LEVEL_ERROR, f"{whose}{found.type}: {found.message}", found.stack or None)
        else:
            self._logs.write(None, pb.LOG_LEVEL_ERROR, str(context.get("message")))


def _memory_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as status:
            return int(status.read().split()[1]) * resource.getpagesize()
    except OSError:
        # No /proc outside of Linux; the peak is what the system tells then.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
