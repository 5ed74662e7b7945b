"""The config of a step file, checked: a map from a runner becomes a frozen `Step`, or faults that name their key.

The keys are those of the Steps model; what this core does not act on is accepted and kept by the runner.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from croniter import CroniterBadDateError, croniter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from runtime.config import known_timezone
from runtime.model import ApiTrigger, CronTrigger, Emit, EventTrigger, Problem, QueuePolicy, Severity, Step, Trigger

_MAX_SECONDS = 7 * 24 * 3600
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
_ACCEPTED = (
    "bodySchema",
    "responseSchema",
    "input",
    "middleware",
    "queryParams",
    "includeFiles",
    "validate",
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class _Topic(_Part):
    topic: Annotated[str, Field(min_length=1)]
    label: str = ""
    conditional: bool = False


def _as_topic(value: object) -> object:
    return {"topic": value} if isinstance(value, str) else value


_Topics = tuple[Annotated[_Topic, BeforeValidator(_as_topic)], ...]
_Names = tuple[Annotated[str, Field(min_length=1)], ...]


class _Backoff(_Part):
    type: Literal["exponential", "fixed"] = "exponential"
    delay: float = Field(1.0, ge=0, le=_MAX_SECONDS)
    factor: float = Field(2.0, ge=1, le=100)
    max: float = Field(60.0, ge=0, le=_MAX_SECONDS)


class _Queue(_Part):
    type: Literal["standard", "fifo"] = "standard"
    max_retries: int = Field(3, ge=0)
    delay_seconds: float = Field(0.0, ge=0, le=_MAX_SECONDS)
    visibility_timeout: float = Field(0.0, ge=0, le=_MAX_SECONDS)
    concurrency: int = Field(10, ge=1)
    backoff: _Backoff = _Backoff()


class _Handler(_Part):
    timeout: float = Field(30.0, ge=0.001, le=_MAX_SECONDS)
    ram: float | None = None
    cpu: float | None = None
    atomic: bool = False


class _Infrastructure(_Part):
    handler: _Handler = _Handler()
    queue: _Queue = _Queue()


class _Base(_Part):
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    flows: _Names = ()
    emits: _Topics = ()
    virtual_emits: _Topics = ()
    virtual_subscribes: _Topics = ()
    infrastructure: _Infrastructure = _Infrastructure()


class _Api(_Base):
    type: Literal["api"]
    path: str
    method: str

    @field_validator("path")
    @classmethod
    def _rooted(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError(f"a path begins with '/': write '/{value}'")
        return value

    @field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.upper() not in METHODS:
            raise ValueError(f"a method is one of {', '.join(METHODS)}")
        return value.upper()


class _Event(_Base):
    type: Literal["event"]
    subscribes: Annotated[_Names, Field(min_length=1)]


class _Cron(_Base):
    type: Literal["cron"]
    cron: str
    timezone: str = ""

    @field_validator("cron")
    @classmethod
    def _parses(cls, value: str) -> str:
        if not croniter.is_valid(value, second_at_beginning=True):
            raise ValueError("not a cron expression: five fields such as '0 9 * * 1', or a name such as '@hourly'")
        try:
            croniter(value, 0.0, second_at_beginning=True).get_next(float)
        except CroniterBadDateError as error:
            raise ValueError("this schedule never comes, such as a 31st of February") from error
        return value

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return known_timezone(value)


class _Noop(_Base):
    type: Literal["noop"]


_MODELS: Mapping[str, type[_Api | _Event | _Cron | _Noop]] = {
    "api": _Api,
    "event": _Event,
    "cron": _Cron,
    "noop": _Noop,
}


def read_step(
    file: str, language: str, config: Mapping[str, Any], *, has_handler: bool
) -> tuple[Step | None, list[Problem]]:
    """Checks the config of a step file: the step, or None where it has errors, and everything to be said about it."""
    kind = config.get("type")
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return None, [_wrong_type(file, kind)]
    try:
        parsed = model.model_validate({"name": default_name(file), **config})
    except ValidationError as error:
        return None, [_explain(file, fault, model) for fault in error.errors()]
    if not has_handler and kind != "noop":
        return None, [
            Problem(file, f"the {kind} step has no handler", "export a function named 'handler' beside 'config'")
        ]
    return _step(file, language, parsed), [*_unknown_keys(file, config, model), *_unkept_promises(file, parsed)]


def _unkept_promises(file: str, config: _Api | _Event | _Cron | _Noop) -> list[Problem]:
    """What a config may ask for and the memory engine does not give: said, never silently ignored."""
    wanted = config.infrastructure
    promises = {
        "queue.type: the memory engine keeps no order inside message groups": wanted.queue.type == "fifo",
        "handler.atomic: the memory engine does not hold writes together": wanted.handler.atomic,
        "queue.visibilityTimeout: a delivery lasts as long as its runner, whatever this says": bool(
            wanted.queue.visibility_timeout
        ),
    }
    return [
        Problem(file, f"config.infrastructure.{promise}", "do not rely on it", severity=Severity.WARNING)
        for promise, is_wanted in promises.items()
        if is_wanted
    ]


def default_name(file: str) -> str:
    """The name of a step whose config gives none: the file's, without what makes it a step's."""
    return re.sub(r"[._]step\.\w+$", "", PurePosixPath(file).name)


def _step(file: str, language: str, config: _Api | _Event | _Cron | _Noop) -> Step:
    queue = config.infrastructure.queue
    backoff = queue.backoff
    return Step(
        name=config.name,
        language=language,
        file=file,
        type=config.type,
        triggers=_triggers(config),
        emits=_emits(config.emits),
        virtual_emits=_emits(config.virtual_emits),
        virtual_subscribes=_emits(config.virtual_subscribes),
        flows=config.flows,
        description=config.description,
        timeout=config.infrastructure.handler.timeout,
        queue=QueuePolicy(
            concurrency=queue.concurrency,
            max_retries=queue.max_retries,
            delay=queue.delay_seconds,
            backoff_delay=backoff.delay,
            backoff_factor=backoff.factor if backoff.type == "exponential" else 1.0,
            backoff_max=backoff.max,
        ),
    )


def _triggers(config: _Api | _Event | _Cron | _Noop) -> tuple[Trigger, ...]:
    match config:
        case _Api():
            return (ApiTrigger(config.method, config.path),)
        case _Event():
            return tuple(EventTrigger(topic) for topic in dict.fromkeys(config.subscribes))
        case _Cron():
            return (CronTrigger(config.cron, config.timezone),)
        case _Noop():
            return ()


def _emits(topics: tuple[_Topic, ...]) -> tuple[Emit, ...]:
    return tuple(Emit(topic.topic, topic.label, topic.conditional) for topic in topics)


def _wrong_type(file: str, kind: object) -> Problem:
    known = ", ".join(f"'{name}'" for name in _MODELS)
    if kind is None:
        return Problem(file, "the config has no 'type'", f"add 'type', one of {known}")
    nearest = difflib.get_close_matches(str(kind), list(_MODELS), n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"it is one of {known}"
    return Problem(file, f"config.type: {kind!r} is no kind of step", hint)


def _explain(file: str, fault: Any, model: type[BaseModel]) -> Problem:
    place = "config" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
    if fault["type"] != "missing":
        return Problem(file, f"{place}: {message} (it is {fault['input']!r})", f"correct {place}")
    key = str(fault["loc"][-1])
    given = fault["input"] if isinstance(fault["input"], Mapping) else {}
    unknown = [str(name) for name in given if name not in _known_keys(model)]
    nearest = difflib.get_close_matches(key, unknown, n=1)
    hint = f"rename '{nearest[0]}' to '{key}'" if nearest else f"add '{key}' to the config"
    return Problem(file, f"{place} is missing", hint)


def _unknown_keys(file: str, config: Mapping[str, Any], model: type[BaseModel], place: str = "config") -> list[Problem]:
    """A warning for each key that the model does not have, also inside the parts that are models of their own."""
    known = _known_keys(model)
    found = [_unknown_key(file, place, str(key), known) for key in config if key not in known]
    for name, field in model.model_fields.items():
        key = field.alias or name
        part = config.get(key)
        if isinstance(part, Mapping) and isinstance(field.annotation, type) and issubclass(field.annotation, _Part):
            found += _unknown_keys(file, part, field.annotation, f"{place}.{key}")
        elif isinstance(part, list) and field.annotation is _Topics:
            for index, topic in enumerate(part):
                if isinstance(topic, Mapping):
                    found += _unknown_keys(file, topic, _Topic, f"{place}.{key}[{index}]")
    return found


def _unknown_key(file: str, place: str, key: str, known: tuple[str, ...]) -> Problem:
    nearest = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else "remove it, or see the list of keys in the documentation"
    return Problem(file, f"{place}.{key} is not a known key and is ignored", hint, severity=Severity.WARNING)


def _known_keys(model: type[BaseModel]) -> tuple[str, ...]:
    own = tuple(field.alias or name for name, field in model.model_fields.items())
    return own + _ACCEPTED if issubclass(model, _Base) else own
