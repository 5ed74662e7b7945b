"""What a project consists of: steps, streams, its config, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from runtime.model.triggers import JsonSchema, Trigger


class Validation(Enum):
    """What follows when a value does not fit its schema: nothing, a warning in the log, a refusal."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Emit:
    """A topic that a step says it emits; label and conditional are for people only.

    `schema` is what the step says of the data, None where it says nothing.
    """

    topic: str
    label: str = ""
    conditional: bool = False
    schema: JsonSchema | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How the queue of a step behaves; times in seconds.

    `fifo` keeps the order inside each message group. `backoff_jitter` is the share of the backoff that chance
    takes away: 0 for none, 1 for anything down to no wait at all.
    """

    fifo: bool = False
    concurrency: int = 10
    max_retries: int = 3
    delay: float = 0.0
    backoff_delay: float = 1.0
    backoff_factor: float = 2.0
    backoff_max: float = 60.0
    backoff_jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A step file that can run (or, with no triggers, that is only drawn).

    `file` is relative to the project root with "/" as separator, and is the step's identity
    towards its runner; `name` is its identity towards people. `type` is the config's, "triggers" for a config that
    lists several. `timeout` is in seconds. The writes of an `atomic` step are held until it returns. `validation` is
    None where the project's mode counts. `include_files` are patterns relative to the step's folder.
    """

    name: str
    language: str
    file: str
    type: str
    triggers: tuple[Trigger, ...] = ()
    emits: tuple[Emit, ...] = ()
    virtual_emits: tuple[Emit, ...] = ()
    virtual_subscribes: tuple[Emit, ...] = ()
    flows: tuple[str, ...] = ()
    description: str = ""
    timeout: float = 30.0
    atomic: bool = False
    queue: QueuePolicy = field(default_factory=QueuePolicy)
    validation: Validation | None = None
    include_files: tuple[str, ...] = ()


class Hook(Enum):
    """A function of the user's that is no step; the value is the word that configs use."""

    AUTHENTICATE = "authenticate"
    CAN_ACCESS = "canAccess"
    ON_JOIN = "onJoin"
    ON_LEAVE = "onLeave"


@dataclass(frozen=True, slots=True)
class StreamDefinition:
    """A stream that steps write to by `name`; `schema` is of an item's data, None where any fits.

    `hooks` are those that its config has a function for.
    """

    name: str
    language: str
    file: str
    schema: JsonSchema | None = field(default=None, hash=False)
    hooks: frozenset[Hook] = frozenset()


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """The project's config file that is code; `hooks` are those that it has a function for."""

    file: str
    language: str
    hooks: frozenset[Hook] = frozenset()


class Severity(Enum):
    """How bad a problem is: an error leaves its file out, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file of the project; `line` and `column` count from 1, 0 is unknown.

    `place` is the file that the line is in where that is another one, such as a helper that the file imports.
    """

    file: str
    message: str
    fix: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = Severity.ERROR
    place: str = ""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A step or stream file that its runner has loaded; `config` is the decoded map, not yet checked.

    `schemas` are by the JSON pointer of their place in the config; `hooks` are a stream's. `imports` are the
    project's files that it has imported while loading, directly or not.
    """

    file: str
    config: object
    has_handler: bool = False
    schemas: Mapping[str, JsonSchema] = field(default_factory=dict)
    hooks: frozenset[Hook] = frozenset()
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one runner can run now, as it says itself."""

    language: str
    steps: tuple[LoadedFile, ...] = ()
    streams: tuple[LoadedFile, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a step's file said of itself when it last served, and the step that was made of it."""

    step: Step
    loaded: LoadedFile


@dataclass(frozen=True, slots=True)
class Violation:
    """A place where a value does not fit its schema.

    `pointer` is a JSON pointer into the value, empty for the value itself; `part` says which value it is, such as
    "body", "query", "path".
    """

    part: str
    pointer: str
    message: str
