"""Errors as `Failure` messages, and the core's failures as errors."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType

from motia import HttpError, NonRetriableError, VersionConflict
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.project import Project

MAX_CAUSES = 8
MAX_FRAMES = 50
MAX_MESSAGE_CHARACTERS = 8 << 10


class HostCallError(Exception):
    """What the core answered to a call that it refused or that failed."""

    def __init__(self, failure: pb.Failure) -> None:
        super().__init__(failure.message)
        if failure.HasField("cause"):
            self.__cause__ = HostCallError(failure.cause)
        self.type = failure.type or type(self).__name__
        self.retryable = failure.retryable


def error_of(failure: pb.Failure) -> Exception:
    """The error that a host call raises for the core's failure."""
    is_conflict = failure.kind == pb.FAILURE_KIND_CONFLICT
    return VersionConflict(failure.message) if is_conflict else HostCallError(failure)


def new(kind: pb.FailureKind, message: str, *, type: str = "", retryable: bool = True) -> pb.Failure:
    """A failure of the runner's own, without a stack."""
    return pb.Failure(kind=kind, type=type, message=text(message), retryable=retryable)


def of(error: BaseException, project: Project, kind: pb.FailureKind | None = None) -> pb.Failure:
    """The failure that stands for an error, with its causes; `kind` overrules what the error's class says."""
    try:
        return _of(error, project, kind)
    except BaseException as fault:  # a class of the user's may raise whatever is asked of it
        message = f"An error was raised that cannot be read: {class_name(fault)} came of the attempt."
        return new(kind or pb.FAILURE_KIND_HANDLER, message)


def frames(trace: TracebackType | None, project: Project) -> list[traceback.FrameSummary]:
    """The frames of the user's own code, innermost last, with paths relative to the project root."""
    found = []
    for frame in traceback.extract_tb(trace):
        file = project.relative(frame.filename)
        if file is not None:
            found.append(traceback.FrameSummary(file, frame.lineno, frame.name, line=frame.line))
    return found[-MAX_FRAMES:]


def text(text: str) -> str:
    """The text as the wire takes it: it is UTF-8 only, bounded, and an error's text may hold anything."""
    shown = text[:MAX_MESSAGE_CHARACTERS].encode(errors="backslashreplace").decode()
    return shown if len(text) <= MAX_MESSAGE_CHARACTERS else f"{shown}… ({len(text)} characters)"


def class_name(value: object) -> str:
    """The name of the value's class, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name


def _of(error: BaseException, project: Project, kind: pb.FailureKind | None) -> pb.Failure:
    failure = pb.Failure()
    place = failure
    for depth, link in enumerate(_chain(error)):
        if depth:
            place = place.cause
        _fill(place, link, project)
    if kind is not None:
        failure.kind = kind
    return failure


def _fill(failure: pb.Failure, error: BaseException, project: Project) -> None:
    failure.kind = _kind(error)
    failure.type = error.type if isinstance(error, HostCallError) else class_name(error)
    failure.message = text(_message(error))
    failure.retryable = _is_retryable(error)
    stack = frames(error.__traceback__, project)
    if stack:
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(stack)]
        failure.stack = text("".join(lines) + f"{failure.type}: {failure.message}")


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


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as fault:
        return f"(its message cannot be read: {class_name(fault)})"
