"""Invocation -> Outcome: the one funnel that every trigger goes through."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.contracts import RunnerPool
from runtime.model import Failure, FailureKind, Invocation, Outcome


class Dispatcher:
    """Hands each invocation to a runner of its step's language that has room."""

    def __init__(self, pools: Mapping[str, RunnerPool]) -> None:
        self._pools = pools

    async def dispatch(self, invocation: Invocation, patience: float | None = None) -> Outcome:
        """Runs the invocation to its one outcome; what goes wrong on the way is a failure in it, never a throw.

        Waits for room at most `patience` seconds, then the failure is OVERLOADED; without it, as long as it takes.
        """
        pool = self._pools[invocation.step.language]
        runner = pool.idle() or await pool.wait_idle(patience)
        if runner is None:
            message = f"no {invocation.step.language} runner had room within {patience:g} s"
            return Outcome(failure=Failure(FailureKind.OVERLOADED, message))
        return await runner.run(invocation)
