"""The config of a step or stream file, checked: a map from a runner becomes a frozen `Step`, or faults that name their
key.

The keys are those of the Steps model; what this core does not act on is accepted and kept by the runner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from runtime.definitions.infrastructure import Infrastructure, queue_policy
from runtime.definitions.parts import NO_SCHEMAS, ConfigPath, Part, Reading, Text, known_keys, shown
from runtime.definitions.triggers import PARTS, key_advice, read_kind, read_trigger, read_triggers
from runtime.model import ApiTrigger, Emit, Hook, JsonSchema, Problem, Step, StreamDefinition, Trigger, Validation

_KINDS = (*PARTS, "noop")


class _Topic(Part):
    topic: Text
    label: str = ""
    conditional: bool = False
    shape: Any = Field(None, alias="schema")


def _as_topic(value: object) -> object:
    return {"topic": value} if isinstance(value, str) else value


def _as_validation(value: object) -> object:
    if isinstance(value, bool):
        return Validation.ENFORCE if value else Validation.OFF
    return value


_Topics = tuple[Annotated[_Topic, BeforeValidator(_as_topic)], ...]
_Texts = tuple[Text, ...]


class _Base(Part):
    """What every step has, whatever makes it run."""

    name: Text
    description: str = ""
    flows: _Texts = ()
    emits: _Topics = ()
    virtual_emits: _Topics = ()
    virtual_subscribes: _Topics = ()
    infrastructure: Infrastructure = Infrastructure()
    validate_: Annotated[Validation | None, BeforeValidator(_as_validation)] = Field(None, alias="validate")
    include_files: _Texts = ()
    # The runner keeps the functions; what is left of them here says nothing.
    middleware: Any = None


class _Kind(Part):
    type: Any = None


class _Listed(Part):
    triggers: Any = None


class _Stream(Part):
    name: Text
    shape: Any = Field(None, alias="schema")
    base_config: Any = None
    # The runner keeps the functions; what is left of them here is none.
    can_access: Any = None
    on_join: Any = None
    on_leave: Any = None


_STREAM_HOOKS = ("canAccess", "onJoin", "onLeave", "can_access", "on_join", "on_leave")
_BASE_KEYS = (*known_keys(_Base), *known_keys(_Listed))
_NOT_ATOMIC = {
    "api": "the writes of an atomic step are committed together with the acknowledgement of its event, and a request "
    "has none",
    "noop": "a noop step runs nothing, so there are no writes to hold together",
}
_ATOMIC_FIX = "remove 'atomic', or emit an event and do the writes in an atomic event step"


def read_step(
    file: str,
    language: str,
    config: Mapping[Any, Any],
    *,
    has_handler: bool,
    schemas: Mapping[str, JsonSchema] = NO_SCHEMAS,
) -> tuple[Step | None, list[Problem]]:
    """Checks the config of a step file: the step, or None where it has errors, and everything to be said about it.

    `schemas` are those that the runner took out of the config, by JSON pointer.
    """
    reading = Reading(file, config, schemas)
    given = reading.config
    base = reading.part(_Base, {"name": default_name(file), **given})
    triggers = _read_triggers(reading)
    if base is not None and not reading.errors:
        _check_run(reading, base, triggers, has_handler)
    if base is None or reading.errors:
        return None, reading.errors
    kind = "triggers" if "triggers" in given else str(given["type"])
    return _step(reading, language, kind, base, triggers), reading.warnings


def read_stream(
    file: str,
    language: str,
    config: Mapping[Any, Any],
    schemas: Mapping[str, JsonSchema] = NO_SCHEMAS,
    hooks: frozenset[Hook] = frozenset(),
) -> tuple[StreamDefinition | None, list[Problem]]:
    """Checks the config of a stream file, in the same way; `hooks` are those that it has a function for."""
    reading = Reading(file, config, schemas)
    stream = reading.part(_Stream, reading.config)
    for key in _STREAM_HOOKS:
        if key in reading.config:
            fix = "write a function there, or leave the key out"
            reading.error((key,), f" is no function (it is {shown(reading.config[key])})", fix)
    known = {key: value for key, value in reading.config.items() if key not in _STREAM_HOOKS}
    reading.unknown_keys(known, (), (_Stream,))
    if stream is None or reading.errors:
        return None, reading.errors
    schema = reading.schema(stream.shape, ("schema",))
    return StreamDefinition(stream.name, language, file, schema, hooks), reading.warnings


def default_name(file: str) -> str:
    """The name of a step whose config gives none: the file's, without what makes it a step's."""
    return re.sub(r"[._]step\.\w+$", "", PurePosixPath(file).name)


def _read_triggers(reading: Reading) -> tuple[Trigger, ...]:
    given = reading.config
    if "triggers" in given and "type" in given:
        _both(reading)
        return ()
    if "triggers" in given:
        advice = {key: "it belongs into an item of 'triggers'" for part in PARTS.values() for key in known_keys(part)}
        reading.unknown_keys(given, (), (_Base, _Listed), advice)
        return read_triggers(reading, given["triggers"], known_keys(_Base))
    kind = given.get("type")
    unknown = [str(key) for key in given if key not in _BASE_KEYS]
    part = read_kind(reading, kind, (), _KINDS, unknown)
    models: tuple[type[Part], ...] = (_Base, _Kind, *((part,) if part else ()))
    reading.unknown_keys(given, (), models, key_advice(str(kind)))
    return read_trigger(reading, part, given, (), 0) if part else ()


def _both(reading: Reading) -> None:
    own = [key for part in PARTS.values() for key in known_keys(part) if key in reading.config]
    moved = f", and put {', '.join(repr(key) for key in own)} into an item of 'triggers'" if own else ""
    reading.error((), " has both 'type' and 'triggers'", f"remove 'type'{moved}: each item says its own")


def _check_run(reading: Reading, base: _Base, triggers: tuple[Trigger, ...], has_handler: bool) -> None:
    """Notes what the step as a whole lacks."""
    kind = reading.config.get("type")
    if triggers and not has_handler:
        step = f"the {kind} step" if kind else "the step"
        fix = "export a function named 'handler' beside 'config'"
        reading.errors.append(Problem(reading.file, f"{step} has no handler", fix))
    elif base.infrastructure.handler.atomic:
        not_atomic = "api" if any(isinstance(trigger, ApiTrigger) for trigger in triggers) else kind
        if not_atomic in _NOT_ATOMIC:
            reading.error(("infrastructure", "handler", "atomic"), f": {_NOT_ATOMIC[not_atomic]}", _ATOMIC_FIX)


def _step(reading: Reading, language: str, kind: str, base: _Base, triggers: tuple[Trigger, ...]) -> Step:
    return Step(
        name=base.name,
        language=language,
        file=reading.file,
        type=kind,
        triggers=triggers,
        emits=_emits(reading, base.emits, ("emits",)),
        virtual_emits=_emits(reading, base.virtual_emits, ("virtualEmits",)),
        virtual_subscribes=_emits(reading, base.virtual_subscribes, ("virtualSubscribes",)),
        flows=base.flows,
        description=base.description,
        timeout=base.infrastructure.handler.timeout,
        atomic=base.infrastructure.handler.atomic,
        queue=queue_policy(base.infrastructure),
        validation=base.validate_,
        include_files=base.include_files,
    )


def _emits(reading: Reading, topics: tuple[_Topic, ...], path: ConfigPath) -> tuple[Emit, ...]:
    return tuple(
        Emit(topic.topic, topic.label, topic.conditional, reading.schema(topic.shape, (*path, at, "schema")))
        for at, topic in enumerate(topics)
    )
