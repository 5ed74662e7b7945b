"""What happens while it runs: invocations, and how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from runtime.model.failures import Failure, Payload
from runtime.model.project import Step
from runtime.model.traces import Span
from runtime.model.triggers import TriggerKind


class Held(Protocol):
    """The writes of one run of an atomic step, kept back until it returns; then who started the run commits them."""

    def drop(self) -> None:
        """Forgets them and refuses what the run still asks for; without effect once they are committed."""


class Invocation(NamedTuple):
    """One run of one handler, as the dispatcher gets it from any trigger.

    `payload` is an encoded value, empty for none. `source` names what fired (topic, cron
    expression) and is empty for requests; `cause_id` names the cause across attempts. `held` takes
    the writes of an atomic step; without it they are carried out at once. `trigger_index` is the place of the
    trigger that fired in the config's `triggers`. `span` is what is remembered of the run, None where nothing is.
    """

    step: Step
    kind: TriggerKind
    payload: Payload
    trace_id: str
    attempt: int = 1
    source: str = ""
    cause_id: str = ""
    held: Held | None = None
    trigger_index: int = 0
    span: Span | None = None

    @property
    def context(self) -> str:
        """The trace context of what follows from this run (see `ids.trace_id_of`)."""
        return self.trace_id if self.span is None else self.span.context


class Body(Protocol):
    """A response body that its handler is still producing; the invocation goes on until it ends."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come. Raises `BodyLost` when the handler fails or its runner is lost."""

    def stop(self) -> None:
        """Asks the handler to stop: nobody reads on. Without effect once the body has ended."""


class Outcome(NamedTuple):
    """How an invocation ended: `failure` is None when the handler returned.

    `body` is the response body where it is sent as it is produced; the payload then holds the rest of the response.
    """

    payload: Payload = b""
    failure: Failure | None = None
    body: Body | None = None
