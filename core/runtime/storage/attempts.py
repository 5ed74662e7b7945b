"""Failed attempts as bytes, for engines that keep them beyond the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model import Failure, FailureKind
from runtime.records import Attempt
from runtime.values import decode, encode


def encode_attempts(attempts: Sequence[Attempt]) -> bytes:
    """Attempts as one encoded value; no bytes for none."""
    if not attempts:
        return b""
    return encode([[number, _plain(failure), began, ended] for number, failure, began, ended in attempts])


def decode_attempts(data: bytes) -> tuple[Attempt, ...]:
    """What `encode_attempts` was given."""
    return tuple(Attempt(number, _failure(plain), began, ended) for number, plain, began, ended in decode(data) or ())


def _plain(failure: Failure) -> list[Any]:
    cause = _plain(failure.cause) if failure.cause else None
    return [failure.kind.value, failure.message, failure.type, failure.stack, cause, failure.retryable]


def _failure(plain: Sequence[Any]) -> Failure:
    kind, message, type, stack, cause, retryable = plain
    return Failure(FailureKind(kind), message, type, stack, _failure(cause) if cause else None, retryable)
