"""Invocation -> Outcome: the one funnel that every trigger goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from time import time

from runtime.contracts import RunnerPool
from runtime.model import Failure, FailureKind, Invocation, Outcome


class Dispatcher:
    """Hands each invocation to a runner of its step's language that has room."""

    def __init__(self, pools: Mapping[str, RunnerPool]) -> None:
        self._pools = pools

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
        if invocation.span is not None:
            invocation.span.started = time()
        return await runner.run(invocation)
