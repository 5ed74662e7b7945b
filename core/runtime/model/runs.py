"""What happens while it runs: invocations, how they end, and what is said about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from runtime.model.project import Step
from runtime.model.triggers import TriggerKind


class FailureKind(Enum):
    """What went wrong; everything that follows a failure follows from its kind."""

    HANDLER = "handler"
    NON_RETRIABLE = "non_retriable"
    INVALID_INPUT = "invalid_input"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    UNKNOWN_STEP = "unknown_step"
    LOAD = "load"
    RUNNER_LOST = "runner_lost"
    OVERLOADED = "overloaded"
    INVALID_OUTPUT = "invalid_output"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data.

    `stack` is cut to the user's frames and empty when the language gave none. `http_status` is
    0 unless the thrower asked for a status; `http_body` is then an encoded value, or empty.
    """

    kind: FailureKind
    message: str
    type: str = ""
    stack: str = ""
    cause: Failure | None = None
    retryable: bool = True
    http_status: int = 0
    http_body: bytes = b""


Payload = bytes | tuple[bytes, ...]
"""An encoded value; a long one in pieces, as it travels: joining megabytes would hold up everything else."""


def length(payload: Payload) -> int:
    """Bytes of a payload."""
    return len(payload) if isinstance(payload, bytes) else sum(map(len, payload))


def whole(payload: Payload) -> bytes:
    """The payload in one piece."""
    return payload if isinstance(payload, bytes) else b"".join(payload)


class Held(Protocol):
    """The writes of one run of an atomic step, kept back until it returns; then who started the run commits them."""

    def drop(self) -> None:
        """Forgets them and refuses what the run still asks for; without effect once they are committed."""


class Invocation(NamedTuple):
    """One run of one handler, as the dispatcher gets it from any trigger.

    `payload` is an encoded value, empty for none. `source` names what fired (topic, cron
    expression) and is empty for requests; `cause_id` names the cause across attempts. `held` takes
    the writes of an atomic step; without it they are carried out at once. `trigger_index` is the place of the
    trigger that fired in the config's `triggers`.
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


class LogLevel(Enum):
    """How loud a log line is; the value orders them."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log line; `time` is a Unix time in seconds, `data` an encoded value or empty."""

    time: float
    level: LogLevel
    source: str
    message: str
    data: bytes = b""
    trace_id: str = ""


class RequestRecord(NamedTuple):
    """A request that was answered; `time` is the Unix time of the answer, `seconds` what it took.

    `path` is as it was sent, without the query. `step` is empty where no step answered. `ending` says what kept the
    client from the whole answer, empty where nothing did; without any answer `status` is 499, as proxies have it.
    """

    time: float
    method: str
    path: str
    status: int
    seconds: float
    step: str
    trace_id: str
    ending: str = ""
