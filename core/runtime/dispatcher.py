"""Invocation -> Outcome: the one funnel that every trigger goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from time import time

from runtime.contracts import Runner, RunnerPool
from runtime.model import Failure, FailureKind, Invocation, Outcome, Step


class Dispatcher:
    """Hands each invocation to a runner of its step's language that has room."""

    def __init__(self, pools: Mapping[str, RunnerPool]) -> None:
        self._pools = pools

    def idle(self, step: Step) -> Runner | None:
        """A runner that has room for the step now; None where one must be waited for."""
        return self._pools[step.language].idle()

    async def dispatch(
        self,
        invocation: Invocation,
        patience: float | None = None,
        waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Outcome:
        """Runs the invocation to its one outcome; what goes wrong on the way is a failure in it, never a throw.

        Waits for room at most `patience` seconds, then the failure is OVERLOADED; without it, as long as it takes, or
        until the context that `waiting` makes for the wait is cancelled.
        """
        pool = self._pools[invocation.step.language]
        runner = pool.idle()
        if runner is None:
            with waiting():
                runner = await pool.wait_idle(patience)
        if runner is None:
            within = "" if patience is None else f" within {patience:g} s"
            message = f"no {invocation.step.language} runner had room{within}"
            return Outcome(failure=Failure(FailureKind.OVERLOADED, message))
        return await outcome_of(runner, invocation)


def start(runner: Runner, invocation: Invocation, ended: Callable[[Outcome], None]) -> Callable[[], None]:
    """The same for a runner that has room, with a call in place of a wait (see `Runner.start`)."""
    if invocation.span is not None:
        invocation.span.started = time()
    return runner.start(invocation, ended)


async def outcome_of(runner: Runner, invocation: Invocation) -> Outcome:
    """Waits for the outcome; whoever is cancelled meanwhile asks the runner to stop the handler."""
    outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def ended(known: Outcome) -> None:
        if not outcome.done():
            outcome.set_result(known)
        elif known.body is not None:  # whoever waits was cancelled in this turn
            known.body.stop()

    leave = start(runner, invocation, ended)
    try:
        return await outcome
    except asyncio.CancelledError:
        leave()
        if outcome.done() and not outcome.cancelled() and (body := outcome.result().body) is not None:
            body.stop()
        raise
