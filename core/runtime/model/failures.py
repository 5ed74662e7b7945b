"""Values as they travel, and what goes wrong with them, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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

    @property
    def head(self) -> str:
        """What it is in a line, as languages say it: its type, where there is one, and its message."""
        return f"{self.type}: {self.message}" if self.type else self.message


Payload = bytes | tuple[bytes, ...]
"""An encoded value; a long one in pieces, as it travels: joining megabytes would hold up everything else."""


def length(payload: Payload) -> int:
    """Bytes of a payload."""
    return len(payload) if isinstance(payload, bytes) else sum(map(len, payload))


def whole(payload: Payload) -> bytes:
    """The payload in one piece."""
    return payload if isinstance(payload, bytes) else b"".join(payload)
