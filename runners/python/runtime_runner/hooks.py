"""From `Call` to its one `CallReply`: functions of the user's that are no steps."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from runtime_runner import failure, threads, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.loader import Function, StreamHooks
from runtime_runner.logs import Source, current
from runtime_runner.outbox import Outbox
from runtime_runner.project import Project
from runtime_runner.project_config import ConfigError, ProjectConfig

MAX_AT_ONCE = 64
"""Plain functions that run at once, of those that clients wait for and of the others; further ones wait, within their
deadline."""
MAX_THREADS = 384
"""The same for those that clients wait for, with those that went on when their deadline had passed."""
MAX_TOLD_THREADS = 128
"""The same for the others, which must leave room for those."""
TOLD = (pb.HOOK_ON_JOIN, pb.HOOK_ON_LEAVE)
"""Hooks that no client waits for."""
NAMES = {
    pb.HOOK_AUTHENTICATE: "authenticate",
    pb.HOOK_CAN_ACCESS: "canAccess",
    pb.HOOK_ON_JOIN: "onJoin",
    pb.HOOK_ON_LEAVE: "onLeave",
    pb.HOOK_CONFIG: "loading",
}

Answer = bytes | pb.Failure


class Hooks:
    """The calls of the connection that are not answered yet."""

    def __init__(self, outbox: Outbox, limits: pb.Limits, config: ProjectConfig, project: Project) -> None:
        self._outbox = outbox
        self._limits = limits
        self._config = config
        self._project = project
        self._loop = asyncio.get_running_loop()
        self._streams: dict[str, StreamHooks] = {}
        self._open: dict[int, asyncio.Task[None]] = {}
        self._deadlines: dict[int, asyncio.TimerHandle] = {}
        self._asked = threads.Turns(MAX_AT_ONCE, MAX_THREADS)
        self._told = threads.Turns(MAX_AT_ONCE, MAX_TOLD_THREADS)
        self._on_idle: asyncio.Future[None] | None = None
        self._is_draining = False

    def replace_streams(self, streams: dict[str, StreamHooks]) -> None:
        """Calls the functions of these streams from now on and no others."""
        self._streams = streams

    def begin(self, call: pb.Call, payload: bytes) -> None:
        """Starts a call."""
        if self._is_draining:
            self._send(call.call_id, failure.new(pb.FAILURE_KIND_OVERLOADED, "This runner is stopping."))
            return
        self._open[call.call_id] = self._loop.create_task(self._perform(call, payload))
        if call.deadline_ms:
            text = f"{_name(call)} did not end within {call.deadline_ms} ms."
            late = failure.new(pb.FAILURE_KIND_DEADLINE, text)
            timer = self._loop.call_later(call.deadline_ms / 1000, self._end, call.call_id, late)
            self._deadlines[call.call_id] = timer

    async def drain(self, grace_ms: int) -> None:
        """Returns when every call has its reply; what is open after the grace is answered in its place."""
        self._is_draining = True
        if not self._open:
            return
        self._on_idle = self._loop.create_future()
        await asyncio.wait((self._on_idle,), timeout=grace_ms / 1000)
        for call_id in list(self._open):
            self._end(call_id, failure.new(pb.FAILURE_KIND_CANCELLED, "The runner is stopping."))

    async def _perform(self, call: pb.Call, payload: bytes) -> None:
        current.set(Source(0, call.target, ended=True))
        answer: Answer
        try:
            answer = await self._answer(call, payload)
        except BaseException as error:  # whatever user code throws is the answer
            answer = self._failure_of(error)
        if self._outbox.full and call.call_id in self._open:
            await self._outbox.room()
        self._end(call.call_id, answer)

    async def _answer(self, call: pb.Call, payload: bytes) -> Answer:
        if call.hook == pb.HOOK_CONFIG:
            return self._sized(call, self._config.load(call.target))
        hook = self._function(call)
        if hook is None:
            text = f"{call.target} has no {NAMES.get(call.hook, f'hook {call.hook}')}."
            return failure.new(pb.FAILURE_KIND_REFUSED, text, retryable=False)
        given = values.decode(payload)
        if call.hook == pb.HOOK_AUTHENTICATE:
            context = await self._apply(self._asked, hook, (given,))
            return b"" if context is None else self._sized(call, values.encode(context, "authContext"))
        turns = self._told if call.hook in TOLD else self._asked
        returned = await self._apply(turns, hook, (given.get("subscription"), given.get("authContext")))
        return values.encode(_is_allowed(returned), "canAccess") if call.hook == pb.HOOK_CAN_ACCESS else b""

    def _function(self, call: pb.Call) -> Function | None:
        if call.hook == pb.HOOK_AUTHENTICATE:
            return self._config.authenticate(call.target)
        return self._streams.get(call.target, {}).get(call.hook)

    async def _apply(self, turns: threads.Turns, hook: Function, arguments: tuple[Any, ...]) -> Any:
        taken = arguments[: hook.most]
        if hook.is_async:
            returned = await hook.call(*taken)
        else:
            returned = await turns.run(hook.call, taken)
        while inspect.isawaitable(returned):  # it would be true, whatever comes of it
            returned = await returned
        return returned

    def _sized(self, call: pb.Call, payload: bytes) -> Answer:
        limit = self._limits.max_payload_bytes
        if len(payload) <= limit:
            return payload
        text = f"What {_name(call)} gives has {len(payload)} bytes; at most {limit} are allowed."
        return failure.new(pb.FAILURE_KIND_INVALID_OUTPUT, text, retryable=False)

    def _failure_of(self, error: BaseException) -> pb.Failure:
        if isinstance(error, ConfigError):
            return failure.new(pb.FAILURE_KIND_LOAD, str(error), retryable=False)
        if isinstance(error, values.Unsendable):
            return failure.new(pb.FAILURE_KIND_INVALID_OUTPUT, str(error), retryable=False)
        if isinstance(error, threads.NoTurn):
            return failure.new(pb.FAILURE_KIND_OVERLOADED, str(error))
        return failure.of(error, self._project)

    def _end(self, call_id: int, answer: Answer) -> None:
        task = self._open.pop(call_id, None)
        if task is None:
            return  # it has been answered in its place
        timer = self._deadlines.pop(call_id, None)
        if timer is not None:
            timer.cancel()
        # Without effect on one that has come to its end by itself, which is the caller then.
        if task is not asyncio.current_task():
            task.cancel()
        self._send(call_id, answer)
        if self._on_idle is not None and not self._open and not self._on_idle.done():
            self._on_idle.set_result(None)

    def _send(self, call_id: int, answer: Answer) -> None:
        envelope = pb.RunnerEnvelope()
        reply = envelope.call_reply
        reply.call_id = call_id
        if isinstance(answer, pb.Failure):
            reply.failure.CopyFrom(answer)
            self._outbox.put(envelope)
        else:
            self._outbox.carry(envelope, reply, answer)


def _is_allowed(returned: Any) -> bool:
    """Only True lets in: a generator that has not begun is true as well. Raises `Unsendable` for what says neither."""
    if returned is None or isinstance(returned, bool):
        return returned is True
    what = "a function that nobody has called" if inspect.isroutine(returned) else f"a {type(returned).__name__}"
    raise values.Unsendable(f"canAccess returned {what}; return True or False.")


def _name(call: pb.Call) -> str:
    return f"{NAMES.get(call.hook, f'hook {call.hook}')} of {call.target}"
