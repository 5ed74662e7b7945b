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
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator

from runtime.config import known_timezone
from runtime.infrastructure import Infrastructure, Part, queue_policy
from runtime.model import (
    ApiTrigger,
    CatchUp,
    CronTrigger,
    Emit,
    EventTrigger,
    Overlap,
    Problem,
    Severity,
    Step,
    Trigger,
)

# What the library also takes: a year in a seventh field, and minutes that chance picks anew at each look.
_NO_CRON_FIELD = re.compile(r"[hr]([(/].*)?", re.IGNORECASE)
_CRON_FIELDS = (1, 5, 6)
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


class _Topic(Part):
    topic: Annotated[str, Field(min_length=1)]
    label: str = ""
    conditional: bool = False


def _as_topic(value: object) -> object:
    return {"topic": value} if isinstance(value, str) else value


_Topics = tuple[Annotated[_Topic, BeforeValidator(_as_topic)], ...]
_Names = tuple[Annotated[str, Field(min_length=1)], ...]


class _Base(Part):
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    flows: _Names = ()
    emits: _Topics = ()
    virtual_emits: _Topics = ()
    virtual_subscribes: _Topics = ()
    infrastructure: Infrastructure = Infrastructure()


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
    catch_up: CatchUp = CatchUp.NONE
    overlap: Overlap = Overlap.SKIP

    @field_validator("cron")
    @classmethod
    def _parses(cls, value: str) -> str:
        fields = value.split()
        known = len(fields) in _CRON_FIELDS and not any(map(_NO_CRON_FIELD.fullmatch, fields))
        if not known or not croniter.is_valid(value, second_at_beginning=True):
            raise ValueError(
                "not a cron expression: five fields such as '0 9 * * 1', six that begin with the seconds, "
                "or a name such as '@hourly'"
            )
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
_NOT_ATOMIC = {
    "api": "the writes of an atomic step are committed together with the acknowledgement of its event, and a request "
    "has none",
    "noop": "a noop step runs nothing, so there are no writes to hold together",
}
_ATOMIC_FIX = "remove 'atomic', or emit an event and do the writes in an atomic event step"


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
    if parsed.infrastructure.handler.atomic and kind in _NOT_ATOMIC:
        return None, [Problem(file, f"config.infrastructure.handler.atomic: {_NOT_ATOMIC[kind]}", _ATOMIC_FIX)]
    return _step(file, language, parsed), _unknown_keys(file, config, model)


def default_name(file: str) -> str:
    """The name of a step whose config gives none: the file's, without what makes it a step's."""
    return re.sub(r"[._]step\.\w+$", "", PurePosixPath(file).name)


def _step(file: str, language: str, config: _Api | _Event | _Cron | _Noop) -> Step:
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
        atomic=config.infrastructure.handler.atomic,
        queue=queue_policy(config.infrastructure),
    )


def _triggers(config: _Api | _Event | _Cron | _Noop) -> tuple[Trigger, ...]:
    match config:
        case _Api():
            return (ApiTrigger(config.method, config.path),)
        case _Event():
            return tuple(EventTrigger(topic) for topic in dict.fromkeys(config.subscribes))
        case _Cron():
            return (CronTrigger(config.cron, config.timezone, config.catch_up, config.overlap),)
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
        if isinstance(part, Mapping) and isinstance(field.annotation, type) and issubclass(field.annotation, Part):
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
