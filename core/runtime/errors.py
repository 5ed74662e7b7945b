"""What follows a failure (one table), and the errors that stop the runtime itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.model import Failure, FailureKind


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a failure kind means for an HTTP client and for an event."""

    http_status: int
    retry: bool


CONSEQUENCES: Mapping[FailureKind, Consequence] = {
    FailureKind.HANDLER: Consequence(500, retry=True),
    FailureKind.NON_RETRIABLE: Consequence(500, retry=False),
    FailureKind.INVALID_INPUT: Consequence(400, retry=False),
    FailureKind.CANCELLED: Consequence(503, retry=True),
    FailureKind.DEADLINE: Consequence(504, retry=True),
    FailureKind.UNKNOWN_STEP: Consequence(503, retry=True),
    FailureKind.LOAD: Consequence(503, retry=True),
    FailureKind.RUNNER_LOST: Consequence(502, retry=True),
    FailureKind.OVERLOADED: Consequence(503, retry=True),
    FailureKind.INVALID_OUTPUT: Consequence(500, retry=False),
    FailureKind.REFUSED: Consequence(500, retry=False),
    FailureKind.CONFLICT: Consequence(500, retry=True),
}


class RuntimeFault(Exception):
    """The runtime cannot start or go on; the message is for the person at the terminal.

    `fix` is one sentence that says what to do, or empty.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class ConfigFault(RuntimeFault):
    """The configuration cannot be read or is not valid.

    `file` is the file with the fault, relative to the root, `line` and `column` count from 1; empty and 0 where they
    are not known. The message has the place before each line of `reason`.
    """

    def __init__(self, reason: str, fix: str = "", *, file: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{file}:{line}:{column}" if line else file
        super().__init__("\n".join(f"{place}: {each}" for each in reason.split("\n")) if file else reason, fix)
        self.reason = reason
        self.file = file
        self.line = line
        self.column = column


class RunnerFault(RuntimeFault):
    """A runner cannot be started or has stopped starting."""


class HostCallRefused(Exception):
    """A host call that the core will not carry out; the message reaches the handler's author."""


class VersionConflict(HostCallRefused):
    """A write that was to replace one version of a value has found another, or none."""

    @classmethod
    def of(cls, group: str, key: str, wanted: int, found: int) -> VersionConflict:
        """The conflict of a write of this value; 0 stands for no value."""
        state = f"has version {found}" if found else "is not there"
        asked = f"ifVersion is {wanted}" if wanted else "ifVersion 0 asks that there is none"
        return cls(f"the value '{group}' / '{key}' {state}, but {asked}; read it again and decide anew")


class HookFailed(Exception):
    """A hook of the project's has thrown, or could not be asked."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class AccessDenied(Exception):
    """A client may not connect or read; `status` is the HTTP status that says so, the message is for the log."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class StorageFault(RuntimeFault):
    """What was to be stored is not: the disk is full, the file cannot be written, is damaged or in other hands."""


class BodyLost(Exception):
    """A streamed response body ends before its end: its handler has failed or its runner is gone."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
