"""Invocation -> Outcome: the one funnel that every trigger goes through."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.contracts import RunnerPool
from runtime.model import Failure, FailureKind, Invocation, Outcome


class Dispatcher:
    """Hands each invocation to a runner of its step's language that has room."""

    def __init__(self, pools: Mapping[str, RunnerPool], queue_timeout: float) -> None:
        self._pools = pools
        self._queue_timeout = queue_timeout

    async def dispatch(self, invocation: Invocation) -> Outcome:
        """Runs the invocation to its one outcome; what goes wrong on the way is a failure in it, never a throw.

        Waits for room at most the queue timeout (seconds), then the failure is OVERLOADED.
        """
        pool = self._pools[invocation.step.language]
        runner = pool.idle() or await pool.wait_idle(self._queue_timeout)
        if runner is None:
            message = f"no {invocation.step.language} runner had room within {self._queue_timeout:g} s"
            return Outcome(failure=Failure(FailureKind.OVERLOADED, message))
        return await runner.run(invocation)
