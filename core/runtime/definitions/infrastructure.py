"""The `infrastructure` part of a step's config, checked: how its queue behaves and how long its handler may take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from runtime.definitions.parts import NoSwitch, Part
from runtime.model import QueuePolicy

_MAX_SECONDS = 7 * 24 * 3600
_BACKOFF_MAX = 60.0
_Number = Annotated[float, NoSwitch]
_Count = Annotated[int, NoSwitch]


def _as_share(value: object) -> object:
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, int | float) and 0 <= value <= 1:
        return value
    raise ValueError("write true, false or a share between 0 and 1")


class _Backoff(Part):
    type: Literal["exponential", "fixed"] = "exponential"
    delay: _Number = Field(1.0, ge=0, le=_MAX_SECONDS)
    factor: _Number = Field(2.0, ge=1, le=100)
    max: _Number | None = Field(None, ge=0, le=_MAX_SECONDS)
    jitter: Annotated[float, BeforeValidator(_as_share)] = 0.0

    @field_validator("max")
    @classmethod
    def _is_not_below_delay(cls, value: float | None, info: ValidationInfo) -> float | None:
        delay = info.data.get("delay", 0.0)
        if value is not None and value < delay:
            raise ValueError(f"'max' is the longest wait and must not be less than 'delay', {delay:g}")
        return value


class _Queue(Part):
    type: Literal["standard", "fifo"] = "standard"
    max_retries: _Count = Field(3, ge=0)
    delay_seconds: _Number = Field(0.0, ge=0, le=_MAX_SECONDS)
    # Without effect: a lease is held by the runner's connection and ends with handler.timeout.
    visibility_timeout: _Number = Field(0.0, ge=0, le=_MAX_SECONDS)
    concurrency: _Count = Field(10, ge=1)
    backoff: _Backoff = _Backoff()


class _Handler(Part):
    timeout: _Number = Field(30.0, ge=0.001, le=_MAX_SECONDS)
    # What a machine of its own would be given; the handlers of a language share one process here.
    ram: _Number | None = None
    cpu: _Number | None = None
    atomic: bool = False


class Infrastructure(Part):
    """How a step's queue behaves and how long its handler may take; times in seconds."""

    handler: _Handler = _Handler()
    queue: _Queue = _Queue()


def queue_policy(infrastructure: Infrastructure) -> QueuePolicy:
    """The policy of the step's queues; where no `max` is given, a longer `delay` is not cut by the default."""
    queue = infrastructure.queue
    backoff = queue.backoff
    return QueuePolicy(
        fifo=queue.type == "fifo",
        concurrency=queue.concurrency,
        max_retries=queue.max_retries,
        delay=queue.delay_seconds,
        backoff_delay=backoff.delay,
        backoff_factor=backoff.factor if backoff.type == "exponential" else 1.0,
        backoff_max=max(_BACKOFF_MAX, backoff.delay) if backoff.max is None else backoff.max,
        backoff_jitter=backoff.jitter,
    )
