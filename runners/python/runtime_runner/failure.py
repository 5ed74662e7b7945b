"""Errors as `Failure` messages, and the core's failures as errors."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType

from motia import HttpError, NonRetriableError
from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.project import Project

MAX_CAUSES = 8
MAX_FRAMES = 50
MAX_MESSAGE_CHARACTERS = 8 << 10
MAX_HTTP_BODY_BYTES = 256 << 10
"""A failure travels in one envelope, so the body of an HttpError has to fit."""


class HostCallError(Exception):
    """What the core answered to a call that it refused or that failed."""

    def __init__(self, failure: pb.Failure) -> None:
        super().__init__(failure.message)
        if failure.HasField("cause"):
            self.__cause__ = HostCallError(failure.cause)
        self.type = failure.type or type(self).__name__
        self.retryable = failure.retryable


def new(kind: pb.FailureKind, message: str, *, type: str = "", retryable: bool = True) -> pb.Failure:
    """A failure of the runner's own, without a stack."""
    return pb.Failure(kind=kind, type=type, message=_text(message), retryable=retryable)


def of(error: BaseException, project: Project, kind: pb.FailureKind | None = None) -> pb.Failure:
    """The failure that stands for an error, with its causes; `kind` overrules what the error's class says."""
    failure = pb.Failure()
    place = failure
    for depth, link in enumerate(_chain(error)):
        if depth:
            place = place.cause
        _fill(place, link, project)
    if kind is not None:
        failure.kind = kind
    if isinstance(error, HttpError):
        _add_http(failure, error)
    return failure


def frames(trace: TracebackType | None, project: Project) -> list[traceback.FrameSummary]:
    """The frames of the user's own code, innermost last, with paths relative to the project root."""
    found = []
    for frame in traceback.extract_tb(trace):
        file = project.relative(frame.filename)
        if file is not None:
            found.append(traceback.FrameSummary(file, frame.lineno, frame.name, line=frame.line))
    return found[-MAX_FRAMES:]


def _fill(failure: pb.Failure, error: BaseException, project: Project) -> None:
    failure.kind = _kind(error)
    failure.type = error.type if isinstance(error, HostCallError) else type(error).__name__
    failure.message = _text(_message(error))
    failure.retryable = _is_retryable(error)
    stack = frames(error.__traceback__, project)
    if stack:
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(stack)]
        failure.stack = _text("".join(lines) + f"{failure.type}: {failure.message}")


def _kind(error: BaseException) -> pb.FailureKind:
    if isinstance(error, HttpError | NonRetriableError):
        return pb.FAILURE_KIND_NON_RETRIABLE
    return pb.FAILURE_KIND_HANDLER


def _is_retryable(error: BaseException) -> bool:
    if isinstance(error, HostCallError):
        return error.retryable
    return not isinstance(error, HttpError | NonRetriableError)


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(MAX_CAUSES + 1):
        if link is None:
            return
        yield link
        link = _cause(link)


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return None if error.__suppress_context__ else error.__context__


def _add_http(failure: pb.Failure, error: HttpError) -> None:
    failure.http_status = error.status
    if error.body is None:
        return
    try:
        body = values.encode(error.body, "body of the HttpError")
    except values.Unsendable as fault:
        failure.kind, failure.message = pb.FAILURE_KIND_INVALID_OUTPUT, _text(str(fault))
        return
    if len(body) > MAX_HTTP_BODY_BYTES:
        failure.kind = pb.FAILURE_KIND_INVALID_OUTPUT
        failure.message = (
            f"The body of the HttpError has {len(body)} bytes; at most {MAX_HTTP_BODY_BYTES} are allowed. "
            "Return a response with this status instead."
        )
        return
    failure.http_body = body


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as fault:
        return f"(its message cannot be read: {type(fault).__name__})"


def _text(text: str) -> str:
    # The wire takes UTF-8 only, and an error's text may hold anything.
    shown = text[:MAX_MESSAGE_CHARACTERS].encode(errors="backslashreplace").decode()
    return shown if len(text) <= MAX_MESSAGE_CHARACTERS else f"{shown}… ({len(text)} characters)"
