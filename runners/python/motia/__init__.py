"""What step files import from the runtime: the errors that mean something to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["HttpError", "NonRetriableError", "VersionConflict"]


class HttpError(Exception):
    """Ends an api step with this HTTP status (100 to 599) and body.

    The body follows the rules of a returned body; None sends none. Raises ValueError for a
    status that is no HTTP status.
    """

    def __init__(self, status: int, body: Any = None) -> None:
        if not isinstance(status, int) or not 100 <= status <= 599:
            raise ValueError(f"HttpError needs a status from 100 to 599, not {status!r}.")
        super().__init__(f"HTTP {int(status)}{_reason(body)}")
        self.status = int(status)
        self.body = body


class NonRetriableError(Exception):
    """Says that another attempt is of no use: an event goes straight to the dead letters.

    `cause` is the error behind it; `raise ... from error` does the same.
    """

    def __init__(self, message: str, *, cause: BaseException | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.__cause__ = cause


class VersionConflict(Exception):
    """What `state.set` with `ifVersion` raises when another version is stored, or none.

    Read the entry again and decide anew; when it is not caught, the step fails and may be tried again.
    """


def _reason(body: Any) -> str:
    if isinstance(body, str):
        return f": {body}"
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):
        return f": {body['error']}"
    return ""
