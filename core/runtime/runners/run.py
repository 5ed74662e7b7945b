"""An invocation under way."""

from __future__ import annotations

import asyncio

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.model import Failure, FailureKind, Invocation, Outcome, length
from runtime.runners.convert import write_invoke
from runtime.runners.outbox import Outbox, Transfer


class Run:
    """An invocation that the runner has not ended yet; its caller may have stopped waiting."""

    __slots__ = ("cancelled", "host_calls", "invocation", "outcome", "transfer")

    def __init__(self, invocation: Invocation, outcome: asyncio.Future[Outcome]) -> None:
        self.invocation = invocation
        self.outcome = outcome
        self.transfer: Transfer | None = None
        self.host_calls = 0
        self.cancelled = False

    def send(self, id: int, outbox: Outbox) -> None:
        """Queues it for the runner, its payload as a transfer where that is long."""
        invocation = self.invocation
        payload = invocation.payload
        if isinstance(payload, bytes) and not outbox.is_large(payload):
            invoke = outbox.add(len(payload)).invoke
            write_invoke(invoke, id, invocation)
            invoke.payload = payload
            return

        # Without a reference to the run: the run refers to the transfer, and a circle would keep
        # megabytes until the garbage collector comes.
        def fill(envelope: pb.CoreEnvelope, transfer: int) -> None:
            write_invoke(envelope.invoke, id, invocation)
            envelope.invoke.payload_transfer = transfer

        self.transfer = outbox.transfer(payload, fill)

    def end(self, outcome: Outcome) -> None:
        """Tells the caller, unless it has been told already."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


def refusal(invocation: Invocation, settings: LinkSettings) -> Failure | None:
    """Why no runner is given the invocation; None when it may be."""
    size = length(invocation.payload)
    if size <= settings.max_payload_bytes:
        return None
    message = f"the input has {size} bytes, over the limit of {settings.max_payload_bytes} (link.maxPayloadBytes)"
    return Failure(FailureKind.INVALID_INPUT, message)
