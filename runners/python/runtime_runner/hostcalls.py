"""Calls of running handlers to the core, from the moment they are made until they are answered."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from enum import Enum
from itertools import chain
from typing import Any

from runtime_runner import failure, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.bodies import OutgoingBody
from runtime_runner.logs import Source
from runtime_runner.outbox import Outbox

Answer = asyncio.Future[Any] | concurrent.futures.Future[Any]
Finish = Callable[[bytes], Any]

MANY_FAILED = 64
"""Failed calls of a run after which those that it has caught are forgotten; a body may go on for days."""


IN_ORDER = frozenset({pb.HOST_OP_TEXT_WRITE, pb.HOST_OP_TEXT_CLOSE})
"""What adds to or ends a text: such a call is sent when the one before on the same text is answered, awaited or not."""


class Stage(Enum):
    """How far a run has come."""

    WAITING = 0
    RUNNING = 1
    FINISHING = 2


class Run(Source):
    """One invocation until its end; touched on the event loop, only read by other threads."""

    __slots__ = (
        "body",
        "cancel_reason",
        "failed",
        "invoke",
        "open_calls",
        "prune_at",
        "queued",
        "sent_calls",
        "settled",
        "stage",
        "started_at",
        "task",
        "texts",
    )

    def __init__(self, invoke: pb.Invoke) -> None:
        super().__init__(invoke.invocation_id)
        self.invoke = invoke
        self.started_at = time.time()
        self.stage = Stage.WAITING
        self.task: asyncio.Task[Any] | None = None
        self.cancel_reason: pb.CancelReason | None = None
        self.open_calls = 0
        self.sent_calls = 0
        self.queued: deque[PendingCall] = deque()
        self.texts: dict[str, deque[PendingCall]] = {}
        self.failed: list[asyncio.Future[Any]] = []
        self.prune_at = MANY_FAILED
        self.settled: asyncio.Future[None] | None = None
        self.body: OutgoingBody | None = None

    @property
    def origin(self) -> tuple[str, str]:
        """The name of its step and its trace."""
        return self.invoke.step_name, self.invoke.trace_id

    def is_wanted(self) -> bool:
        """False once the run has been cancelled."""
        return self.cancel_reason is None

    async def settle(self) -> None:
        """Waits until every call is answered, awaited by the handler or not."""
        while self.open_calls:
            self.settled = asyncio.get_running_loop().create_future()
            await self.settled

    def enter_text(self, pending: PendingCall) -> None:
        """Queues a call on a text, behind an earlier one on the same text that is not answered."""
        waiting = self.texts.get(pending.request.key)
        if waiting is None:
            self.texts[pending.request.key] = deque()
            self.queued.append(pending)
        else:
            waiting.append(pending)

    def leave_text(self, id: str) -> None:
        """Queues the next call on this text."""
        waiting = self.texts[id]
        if waiting:
            self.queued.append(waiting.popleft())
        else:
            del self.texts[id]

    def note_failed(self, answer: asyncio.Future[Any]) -> None:
        """Keeps the future of a failed call until somebody has looked at it."""
        if len(self.failed) >= self.prune_at:
            self.failed = [future for future in self.failed if _is_unseen(future)]
            self.prune_at = max(MANY_FAILED, 2 * len(self.failed))
        self.failed.append(answer)

    def unseen_errors(self) -> list[BaseException]:
        """The errors of failed calls that nobody has looked at, in the order of the answers."""
        errors = [future.exception() for future in self.failed if _is_unseen(future)]
        return [error for error in errors if error is not None]


class UnawaitedCall(asyncio.Future[Any]):
    """The future of a call that is sent already; `asyncio.create_task` takes it as well, as if it were a coroutine.

    Who forgets to await it meets it where a value was expected, and Python's own errors show the name of the class.
    """

    _steps: Generator[Any, None, Any] | None = None

    def send(self, value: Any) -> Any:
        """Goes on, as a coroutine does."""
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        """Throws into the wait, as into a coroutine."""
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps.throw(*error)

    def close(self) -> None:
        """Ends the wait; the call itself goes on."""
        if self._steps is not None:
            self._steps.close()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"There is no {name!r} in a call that was not awaited; await it first.")

    def __getitem__(self, key: Any) -> Any:
        raise TypeError(f"There is no {key!r} in a call that was not awaited; await it first.")

    def __setitem__(self, key: Any, value: Any) -> None:
        self[key]


Coroutine.register(UnawaitedCall)


class PendingCall:
    """A host call whose answer is due, and where the answer goes."""

    __slots__ = ("answer", "finish", "payload", "request", "run")

    def __init__(self, run: Run, request: pb.HostCall, payload: bytes, finish: Finish, answer: Answer) -> None:
        self.run = run
        self.request = request
        self.payload = payload
        self.finish = finish
        self.answer = answer

    def succeed(self, payload: bytes) -> None:
        """Hands over what the reply's payload means."""
        if not self.answer.done():
            try:
                self.answer.set_result(self.finish(payload))
            except ValueError as error:
                self.fail(error)

    def fail(self, error: Exception) -> None:
        """Throws at the place of the call."""
        if not self.answer.done():
            self.answer.set_exception(error)
            if isinstance(self.answer, asyncio.Future):
                self.run.note_failed(self.answer)

    def drop(self) -> None:
        """Ends the wait without an answer."""
        if isinstance(self.answer, asyncio.Future):
            self.answer.cancel()
        else:
            self.fail(_too_late(self.request))


class HostCalls:
    """Every unanswered call of the connection. At most `max_host_calls` of a run are sent; the others wait."""

    def __init__(self, outbox: Outbox, limits: pb.Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._outbox = outbox
        self._limits = limits
        self._loop = loop
        self._pending: dict[int, PendingCall] = {}
        self._next_id = 1

    def call(self, run: Run, request: pb.HostCall, payload: bytes = b"", finish: Finish = values.decode) -> Any:
        """Sends the call. On the event loop the result is a future, in a worker thread the answer itself.

        Raises RuntimeError after the run has ended, ValueError for more than `max_payload_bytes`.
        """
        if run.ended:
            raise _too_late(request)
        self._check_size(request, payload)
        loop = running_loop()
        if loop is self._loop:
            future = UnawaitedCall(loop=self._loop)
            self._start(PendingCall(run, request, payload, finish, future))
            return future
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._start, PendingCall(run, request, payload, finish, answer))
        # A worker thread may run an event loop of its own, which must not be blocked.
        return answer.result() if loop is None else asyncio.wrap_future(answer, loop=loop)

    def answer(self, reply: pb.HostReply, payload: bytes) -> None:
        """Ends the call that is answered; one that nobody waits for any more is ignored."""
        pending = self._pending.pop(reply.call_id, None)
        if pending is None:
            return
        if reply.HasField("failure"):
            pending.fail(failure.error_of(reply.failure))
        else:
            pending.succeed(payload)
        run = pending.run
        run.sent_calls -= 1
        run.open_calls -= 1
        if pending.request.op in IN_ORDER:
            run.leave_text(pending.request.key)
        if run.queued:
            self._advance(run)
        elif not run.open_calls and run.settled is not None and not run.settled.done():
            run.settled.set_result(None)

    def abandon(self, run: Run) -> None:
        """Drops what an ended run still waits for, so that no thread of it hangs."""
        sent = [id for id, pending in self._pending.items() if pending.run is run]
        for pending in (*map(self._pending.pop, sent), *run.queued, *chain.from_iterable(run.texts.values())):
            pending.drop()
        run.queued.clear()
        run.texts.clear()

    def _start(self, pending: PendingCall) -> None:
        run = pending.run
        if run.ended:
            pending.fail(_too_late(pending.request))
            return
        run.open_calls += 1
        if pending.request.op in IN_ORDER:
            run.enter_text(pending)
        else:
            run.queued.append(pending)
        self._advance(run)

    def _advance(self, run: Run) -> None:
        while run.queued and run.sent_calls < self._limits.max_host_calls:
            if self._outbox.full:
                self._outbox.when_room(lambda: self._advance(run))
                return
            self._send(run.queued.popleft())

    def _send(self, pending: PendingCall) -> None:
        pending.run.sent_calls += 1
        self._pending[self._next_id] = pending
        pending.request.call_id = self._next_id
        self._next_id += 1
        envelope = pb.RunnerEnvelope(host_call=pending.request)
        run = pending.run
        self._outbox.carry(envelope, envelope.host_call, pending.payload, lambda: not run.ended)

    def _check_size(self, request: pb.HostCall, payload: bytes) -> None:
        if len(payload) > self._limits.max_payload_bytes:
            raise ValueError(
                f"The value of {_op_name(request)} has {len(payload)} bytes; "
                f"at most {self._limits.max_payload_bytes} are allowed."
            )
        names = len(request.target) + len(request.group) + len(request.key) + len(request.options)
        if names > self._limits.chunk_bytes:
            raise ValueError(
                f"The names and options of {_op_name(request)} have {names} characters; "
                f"at most {self._limits.chunk_bytes} are allowed."
            )


def _is_unseen(failed: asyncio.Future[Any]) -> bool:
    # The mark is asyncio's own, of an error that was never retrieved.
    return failed._log_traceback


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of the calling thread, None when it has none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _op_name(request: pb.HostCall) -> str:
    return pb.HostOp.Name(request.op).removeprefix("HOST_OP_").lower().replace("_", ".", 1)


def _too_late(request: pb.HostCall) -> RuntimeError:
    return RuntimeError(
        f"{_op_name(request)} was called after its invocation had ended. Await what the handler starts, "
        "or emit an event and do the rest in its step."
    )
