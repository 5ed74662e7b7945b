"""An invocation under way."""

from __future__ import annotations

from collections.abc import Callable

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.model import Failure, FailureKind, Invocation, Outcome, length
from runtime.runners.convert import write_invoke
from runtime.runners.outbox import Outbox, Transfer


class Run:
    """An invocation that the runner has not ended yet; its caller may have stopped waiting."""

    __slots__ = ("_ended", "cancelled", "host_calls", "invocation", "transfer")

    def __init__(self, invocation: Invocation, ended: Callable[[Outcome], None]) -> None:
        """Whoever waits is told by `ended`."""
        self.invocation = invocation
        self._ended: Callable[[Outcome], None] | None = ended
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

    @property
    def is_awaited(self) -> bool:
        """Whether somebody still waits for the outcome."""
        return self._ended is not None

    def end(self, outcome: Outcome) -> None:
        """Tells the caller, unless it has been told already, or has left."""
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(outcome)

    def leave(self) -> None:
        """Nobody waits any more."""
        self._ended = None


def refusal(invocation: Invocation, settings: LinkSettings) -> Failure | None:
    """Why no runner is given the invocation; None when it may be."""
    size = length(invocation.payload)
    if size <= settings.max_payload_bytes:
        return None
    message = f"the input has {size} bytes, over the limit of {settings.max_payload_bytes} (link.maxPayloadBytes)"
    return Failure(FailureKind.INVALID_INPUT, message)
