"""The `infrastructure` part of a step's config, checked: how its queue behaves and how long its handler may take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from runtime.model import QueuePolicy

_MAX_SECONDS = 7 * 24 * 3600
_BACKOFF_MAX = 60.0


class Part(BaseModel):
    """A map inside a config; its keys are camelCase there."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


def _as_share(value: object) -> object:
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, int | float) and 0 <= value <= 1:
        return value
    raise ValueError("write true, false or a share between 0 and 1")


class _Backoff(Part):
    type: Literal["exponential", "fixed"] = "exponential"
    delay: float = Field(1.0, ge=0, le=_MAX_SECONDS)
    factor: float = Field(2.0, ge=1, le=100)
    max: float | None = Field(None, ge=0, le=_MAX_SECONDS)
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
    max_retries: int = Field(3, ge=0)
    delay_seconds: float = Field(0.0, ge=0, le=_MAX_SECONDS)
    # Without effect: a lease is held by the runner's connection and ends with handler.timeout.
    visibility_timeout: float = Field(0.0, ge=0, le=_MAX_SECONDS)
    concurrency: int = Field(10, ge=1)
    backoff: _Backoff = _Backoff()


class _Handler(Part):
    timeout: float = Field(30.0, ge=0.001, le=_MAX_SECONDS)
    # What a machine of its own would be given; the handlers of a language share one process here.
    ram: float | None = None
    cpu: float | None = None
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
