"""An invocation under way."""

from __future__ import annotations

import asyncio

from runtime.model import Invocation, Outcome
from runtime.runners.outbox import Transfer


class Run:
    """An invocation that the runner has not ended yet; its caller may have stopped waiting."""

    __slots__ = ("cancelled", "host_calls", "invocation", "outcome", "transfer")

    def __init__(self, invocation: Invocation, outcome: asyncio.Future[Outcome]) -> None:
        self.invocation = invocation
        self.outcome = outcome
        self.transfer: Transfer | None = None
        self.host_calls = 0
        self.cancelled = False

    def end(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)
