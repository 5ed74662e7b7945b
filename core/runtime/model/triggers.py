"""What makes a step run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

JsonSchema = Mapping[str, Any] | bool
"""A JSON Schema of draft 2020-12, decoded."""


class TriggerKind(Enum):
    """What makes a step run; the value is the word that step files use."""

    __hash__ = object.__hash__  # each is itself alone, and Enum's own is Python code under every look for a queue

    API = "api"
    EVENT = "event"
    CRON = "cron"
    STATE = "state"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class QueryParam:
    """A query parameter that an api step documents; without a schema any text fits."""

    name: str
    description: str = ""
    required: bool = False
    schema: JsonSchema | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class ApiTrigger:
    """An HTTP route; `method` is upper case, `path` as the step file has it.

    Schemas are None where the config gives none. Those of query and path are of an object with a property a parameter;
    `response_schemas` are by status ("200"), "default" for every other.
    """

    method: str
    path: str
    body_schema: JsonSchema | None = field(default=None, hash=False)
    query_schema: JsonSchema | None = field(default=None, hash=False)
    path_schema: JsonSchema | None = field(default=None, hash=False)
    response_schemas: Mapping[str, JsonSchema] = field(default_factory=dict, hash=False)
    query_params: tuple[QueryParam, ...] = ()
    index: int = 0
    kind: TriggerKind = TriggerKind.API


@dataclass(frozen=True, slots=True)
class EventTrigger:
    """A subscription to a topic, matched exactly; `input_schema` is None where any data fits."""

    topic: str
    input_schema: JsonSchema | None = field(default=None, hash=False)
    index: int = 0
    kind: TriggerKind = TriggerKind.EVENT


class CatchUp(Enum):
    """Which of the ticks that were missed while the runtime was down are run when it is back."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class Overlap(Enum):
    """What happens at a tick while the run before is not done."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class CronTrigger:
    """A schedule; `timezone` is an IANA name, empty for the project's own."""

    expression: str
    timezone: str = ""
    catch_up: CatchUp = CatchUp.NONE
    overlap: Overlap = Overlap.SKIP
    index: int = 0
    kind: TriggerKind = TriggerKind.CRON


class ChangeKind(Enum):
    """What has happened to a value; the value is the word that handlers and clients see."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


ALL_CHANGES = frozenset(ChangeKind)


@dataclass(frozen=True, slots=True)
class StateTrigger:
    """Changes of a group's values, of the kinds in `on`; an empty `key` stands for every key."""

    group: str
    key: str = ""
    on: frozenset[ChangeKind] = ALL_CHANGES
    index: int = 0
    kind: TriggerKind = TriggerKind.STATE


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """Changes of a stream's items, of the kinds in `on`; an empty `group` or `id` stands for every one."""

    stream: str
    group: str = ""
    id: str = ""
    on: frozenset[ChangeKind] = ALL_CHANGES
    index: int = 0
    kind: TriggerKind = TriggerKind.STREAM


Trigger = ApiTrigger | EventTrigger | CronTrigger | StateTrigger | StreamTrigger
"""What makes a step run; `index` is its place in the config's `triggers`, 0 for a config without."""
