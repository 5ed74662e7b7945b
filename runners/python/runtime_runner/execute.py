"""From `Invoke` to its one `Result`, and to the end of a body that follows it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from motia import HttpError
from runtime_runner import failure, http, thrown, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.bodies import Bodies, OutgoingBody, Producer, produce
from runtime_runner.coder import Coder
from runtime_runner.context import FlowContext
from runtime_runner.hostcalls import HostCalls, Run, Stage
from runtime_runner.loader import Function, Step
from runtime_runner.logs import Logs, current
from runtime_runner.middleware import pass_through
from runtime_runner.outbox import Outbox
from runtime_runner.pieces import UnsendablePiece
from runtime_runner.prints import Prints
from runtime_runner.project import Project
from runtime_runner.threads import NoThread, Threads
from runtime_runner.values import Unsendable

DRAIN_CANCEL_GRACE_MS = 500
"""What a run that outlives the grace of a `Drain` gets to react to its cancellation."""


Outcome = bytes | pb.Failure
"""How a run ends: with a payload, empty behind a body, or a failure."""


class InvalidInput(Exception):
    """The payload cannot be given to the handler."""


class Executor:
    """The running invocations of the connection."""

    def __init__(
        self,
        outbox: Outbox,
        calls: HostCalls,
        logs: Logs,
        prints: Prints,
        bodies: Bodies,
        limits: pb.Limits,
        project: Project,
    ) -> None:
        self._outbox = outbox
        self._calls = calls
        self._logs = logs
        self._prints = prints
        self._bodies = bodies
        self._limits = limits
        self._project = project
        self._loop = asyncio.get_running_loop()
        self._steps: dict[str, Step] = {}
        self._runs: dict[int, Run] = {}
        self._threads = Threads(1)
        self._coder = Coder(self._loop)
        self._on_idle: asyncio.Future[None] | None = None
        self._is_draining = False

    @property
    def in_flight(self) -> int:
        """Invocations without a result."""
        return len(self._runs) - self._bodies.count

    def replace_steps(self, steps: dict[str, Step]) -> None:
        """Runs these steps from now on and no others."""
        self._steps = steps
        # A plain middleware keeps its thread while what it wraps needs the next one: with fewer
        # threads than that, runs would wait for each other forever.
        deepest = max((1 + len(step.middleware) for step in steps.values()), default=1)
        self._threads.close()
        self._threads = Threads(self._limits.max_in_flight * deepest + self._limits.max_bodies)

    def invoke(self, message: pb.Invoke, payload: bytes) -> None:
        """Starts the handler, or answers at once why it does not run."""
        run = Run(message)
        step = self._steps.get(message.step_file)
        if self._is_draining:
            self._end(run, failure.new(pb.FAILURE_KIND_OVERLOADED, "This runner is stopping."))
        elif self.in_flight >= self._limits.max_in_flight:
            text = f"This runner has {self._limits.max_in_flight} invocations in flight and no room for more."
            self._end(run, failure.new(pb.FAILURE_KIND_OVERLOADED, text))
        elif step is None:
            text = f"The Python runner has no step {message.step_file!r} with a handler."
            self._end(run, failure.new(pb.FAILURE_KIND_UNKNOWN_STEP, text))
        else:
            self._runs[run.id] = run
            run.task = _start(self._loop, self._carry_out(run, step, payload))

    def cancel(self, message: pb.Cancel) -> None:
        """Asks a run to stop; answers in its place when the grace has passed."""
        run = self._runs.get(message.invocation_id)
        if run is not None and run.is_wanted():
            self._cancel(run, message.reason, message.grace_ms)

    async def drain(self, grace_ms: int) -> None:
        """Returns when every run has its result; cancels what still runs after the grace."""
        self._is_draining = True
        if await self._is_idle_within(grace_ms):
            return
        for run in list(self._runs.values()):
            if run.is_wanted():
                self._cancel(run, pb.CANCEL_REASON_SHUTDOWN, DRAIN_CANCEL_GRACE_MS)
            else:  # told once already, but perhaps with more time
                self._answer_within(run, DRAIN_CANCEL_GRACE_MS)
        while not await self._is_idle_within(DRAIN_CANCEL_GRACE_MS):
            pass

    async def _is_idle_within(self, grace_ms: int) -> bool:
        if self._runs:
            self._on_idle = self._loop.create_future()
            await asyncio.wait((self._on_idle,), timeout=grace_ms / 1000)
        return not self._runs

    async def _carry_out(self, run: Run, step: Step, payload: bytes) -> None:
        returned: Any = None
        errors: list[BaseException] = []
        run.step_file = step.file
        current.set(run)
        run.stage = Stage.RUNNING
        try:
            returned = await self._call(run, step, payload)
        except BaseException as error:  # whatever user code throws is its result
            errors.append(error)
        run.stage = Stage.FINISHING
        if run.open_calls:
            await run.settle()
        if run.failed:
            errors += run.unseen_errors()
        try:
            outcome = await self._outcome(run, returned, errors)
        except BaseException as error:  # a returned object may throw anything while it is looked at
            outcome = self._unsendable(error)
        errors.clear()  # a traceback holds this frame: together they would be a cycle
        if self._outbox.full:
            await self._outbox.room()
        self._end(run, outcome)

    async def _outcome(self, run: Run, returned: Any, errors: list[BaseException]) -> Outcome:
        is_api = run.invoke.trigger == pb.TRIGGER_KIND_API
        if is_api and self._bodies.takes(returned):
            return await self._send_body(run, returned, errors)
        if errors:
            found = self._fail(run, errors)
            return self._answer(errors[0], found) if is_api else found
        if is_api and http.is_large(returned):
            return await self._coder.run(partial(self._outcome_of, run, http.settled(returned)))
        return self._outcome_of(run, returned)

    def _answer(self, error: BaseException, found: pb.Failure) -> Outcome:
        answer = thrown.answer_of(error, found) if isinstance(error, HttpError) else found
        return self._within_bounds(answer) if isinstance(answer, bytes) else answer

    async def _send_body(self, run: Run, returned: Mapping[str, Any], errors: list[BaseException]) -> Outcome:
        """Sends a response whose body is still to be produced, unless there are errors; gives how the run ends."""
        try:
            producer = Producer(returned["body"], lambda call, *given: self._in_thread(run, call, given))
            try:
                begun = self._fail(run, errors) if errors else self._begin_body(run, returned)
                if isinstance(begun, pb.Failure):
                    return begun
                run.body = begun
                run.stage = Stage.RUNNING
                await produce(producer, begun, run.is_wanted, are_events=http.is_event_stream(returned))
            finally:
                await producer.close()
        except BaseException as error:  # whatever user code throws ends the body
            errors.append(error)
        run.stage = Stage.FINISHING
        if run.open_calls:
            await run.settle()
        errors += run.unseen_errors()
        return self._fail(run, errors) if errors else b""

    def _begin_body(self, run: Run, returned: Mapping[str, Any]) -> OutgoingBody | pb.Failure:
        """Sends the result and gives the body that follows it; a failure when there can be none."""
        if run.cancel_reason is not None:
            return self._cancelled(run)
        if self._bodies.full:
            text = f"{self._limits.max_bodies} streamed bodies are under way, which is the limit."
            return failure.new(pb.FAILURE_KIND_OVERLOADED, text)
        try:
            head = http.head_of(returned)
        except BaseException as error:  # a returned object may throw anything while it is read
            return self._unsendable(error)
        if len(head) > self._limits.chunk_bytes:
            text = f"The headers have {len(head)} bytes; at most {self._limits.chunk_bytes} can go before a body."
            return failure.new(pb.FAILURE_KIND_INVALID_OUTPUT, text, retryable=False)
        return self._bodies.begin(pb.RunnerEnvelope(result=pb.Result(invocation_id=run.id, payload=head)))

    async def _call(self, run: Run, step: Step, payload: bytes) -> Any:
        trigger = run.invoke.trigger
        ctx = FlowContext(run, self._calls, self._logs, step.flows)
        try:
            if len(payload) < values.LARGE_BYTES:
                given = _decode(payload, trigger)
            else:
                given = await self._coder.run(partial(_decode, payload, trigger))
        except ValueError as error:
            raise InvalidInput(str(error)) from None
        if step.middleware and trigger == pb.TRIGGER_KIND_API:
            return await pass_through(run, step, given, ctx, self._apply)
        if trigger == pb.TRIGGER_KIND_CRON and step.handler.least < 2:
            return await self._apply(run, step.handler, (ctx,))
        return await self._apply(run, step.handler, (given, ctx))

    async def _apply(self, run: Run, function: Function, arguments: tuple[Any, ...]) -> Any:
        taken = arguments[: function.most]
        if function.is_async:
            return await function.call(*taken)
        returned = await self._in_thread(run, function.call, taken)
        return await returned if inspect.isawaitable(returned) else returned

    def _in_thread(self, run: Run, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Awaitable[Any]:
        return self._threads.run(call, arguments, run.is_wanted)

    def _cancel(self, run: Run, reason: pb.CancelReason, grace_ms: int) -> None:
        run.cancel_reason = reason
        if run.stage is Stage.WAITING:
            self._end(run, self._cancelled(run))
        else:
            self._answer_within(run, grace_ms)
        if run.task is not None and run.stage is not Stage.FINISHING:
            run.task.cancel()

    def _answer_within(self, run: Run, grace_ms: int) -> None:
        self._loop.call_later(grace_ms / 1000, self._answer_in_place, run)

    def _answer_in_place(self, run: Run) -> None:
        if not run.ended:
            self._end(run, self._cancelled(run))
            self._logs.write(None, pb.LOG_LEVEL_WARN, f"{run.invoke.step_file} goes on after it was cancelled.")

    def _fail(self, run: Run, errors: list[BaseException]) -> pb.Failure:
        for error in errors[1:]:
            self._logs.write(run, pb.LOG_LEVEL_ERROR, f"A call that was not awaited failed as well: {error}")
        return self._failure_of(run, errors[0])

    def _outcome_of(self, run: Run, returned: Any) -> Outcome:
        try:
            payload = _encode(returned, run.invoke.trigger)
        except BaseException as error:  # a returned object may throw anything while it is read
            return self._unsendable(error)
        return self._within_bounds(payload)

    def _within_bounds(self, payload: bytes) -> Outcome:
        if len(payload) <= self._limits.max_payload_bytes:
            return payload
        text = f"The result has {len(payload)} bytes; at most {self._limits.max_payload_bytes} are allowed."
        return failure.new(pb.FAILURE_KIND_INVALID_OUTPUT, text, retryable=False)

    def _unsendable(self, error: BaseException) -> pb.Failure:
        if issubclass(type(error), Unsendable | UnsendablePiece):  # not isinstance: it asks the object
            return failure.new(pb.FAILURE_KIND_INVALID_OUTPUT, str(error), retryable=False)
        found = failure.of(error, self._project, pb.FAILURE_KIND_INVALID_OUTPUT)
        found.retryable = False
        return found

    def _failure_of(self, run: Run, error: BaseException) -> pb.Failure:
        if isinstance(error, UnsendablePiece):
            return self._unsendable(error)
        if isinstance(error, InvalidInput):
            return failure.new(pb.FAILURE_KIND_INVALID_INPUT, str(error), retryable=False)
        if isinstance(error, NoThread):
            return failure.new(pb.FAILURE_KIND_OVERLOADED, str(error))
        is_cancelled = isinstance(error, asyncio.CancelledError | concurrent.futures.CancelledError)
        if is_cancelled and run.cancel_reason is not None:
            return self._cancelled(run)
        return failure.of(error, self._project)

    def _cancelled(self, run: Run) -> pb.Failure:
        if run.cancel_reason == pb.CANCEL_REASON_DEADLINE:
            text = f"{run.invoke.step_file} did not end within its timeout."
            return failure.new(pb.FAILURE_KIND_DEADLINE, text)
        return failure.new(pb.FAILURE_KIND_CANCELLED, f"{run.invoke.step_file} was cancelled.")

    def _end(self, run: Run, outcome: Outcome) -> None:
        if run.ended:
            return
        run.ended = True
        if run.unfinished:
            self._prints.finish(run)
        self._runs.pop(run.id, None)
        if run.open_calls:
            self._calls.abandon(run)
        if self._on_idle is not None and not self._runs and not self._on_idle.done():
            self._on_idle.set_result(None)
        if run.body is not None:
            self._bodies.end(run.body, outcome if isinstance(outcome, pb.Failure) else None)
            return
        envelope = pb.RunnerEnvelope()
        result = envelope.result
        result.invocation_id = run.id
        if isinstance(outcome, pb.Failure):
            result.failure.CopyFrom(outcome)
            self._outbox.put(envelope)
        else:
            self._outbox.carry(envelope, result, outcome)


def _decode(payload: bytes, trigger: pb.TriggerKind) -> Any:
    given = values.decode(payload)
    return http.request_of(given) if trigger == pb.TRIGGER_KIND_API else given


def _encode(returned: Any, trigger: pb.TriggerKind) -> bytes:
    if trigger == pb.TRIGGER_KIND_API:
        return http.response_of(returned)
    return b"" if returned is None else values.encode(returned, "result")


def _start(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    if sys.version_info >= (3, 12):
        # A handler that does not wait then ends without a turn of the loop.
        return asyncio.Task(coroutine, loop=loop, eager_start=True)
    return loop.create_task(coroutine)
