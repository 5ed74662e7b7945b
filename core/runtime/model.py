"""The nouns of the runtime: frozen, without behaviour, importing nothing of ours.

Those that each run makes anew are named tuples, which cost a third of a frozen dataclass to make.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol

JsonSchema = Mapping[str, Any] | bool
"""A JSON Schema of draft 2020-12, decoded."""


class TriggerKind(Enum):
    """What makes a step run; the value is the word that step files use."""

    API = "api"
    EVENT = "event"
    CRON = "cron"
    STATE = "state"
    STREAM = "stream"


class FailureKind(Enum):
    """What went wrong; everything that follows a failure follows from its kind."""

    HANDLER = "handler"
    NON_RETRIABLE = "non_retriable"
    INVALID_INPUT = "invalid_input"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    UNKNOWN_STEP = "unknown_step"
    LOAD = "load"
    RUNNER_LOST = "runner_lost"
    OVERLOADED = "overloaded"
    INVALID_OUTPUT = "invalid_output"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data.

    `stack` is cut to the user's frames and empty when the language gave none. `http_status` is
    0 unless the thrower asked for a status; `http_body` is then an encoded value, or empty.
    """

    kind: FailureKind
    message: str
    type: str = ""
    stack: str = ""
    cause: Failure | None = None
    retryable: bool = True
    http_status: int = 0
    http_body: bytes = b""


class Validation(Enum):
    """What follows when a value does not fit its schema: nothing, a warning in the log, a refusal."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"


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
    """Something wrong with a file of the project; `line` and `column` count from 1, 0 is unknown."""

    file: str
    message: str
    fix: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A step or stream file that its runner has loaded; `config` is the decoded map, not yet checked.

    `schemas` are by the JSON pointer of their place in the config; `hooks` are a stream's.
    """

    file: str
    config: object
    has_handler: bool = False
    schemas: Mapping[str, JsonSchema] = field(default_factory=dict)
    hooks: frozenset[Hook] = frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one runner can run now, as it says itself."""

    language: str
    steps: tuple[LoadedFile, ...] = ()
    streams: tuple[LoadedFile, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A place where a value does not fit its schema.

    `pointer` is a JSON pointer into the value, empty for the value itself; `part` says which value it is, such as
    "body", "query", "path".
    """

    part: str
    pointer: str
    message: str


Payload = bytes | tuple[bytes, ...]
"""An encoded value; a long one in pieces, as it travels: joining megabytes would hold up everything else."""


def length(payload: Payload) -> int:
    """Bytes of a payload."""
    return len(payload) if isinstance(payload, bytes) else sum(map(len, payload))


def whole(payload: Payload) -> bytes:
    """The payload in one piece."""
    return payload if isinstance(payload, bytes) else b"".join(payload)


class Held(Protocol):
    """The writes of one run of an atomic step, kept back until it returns; then who started the run commits them."""

    def drop(self) -> None:
        """Forgets them and refuses what the run still asks for; without effect once they are committed."""


class Invocation(NamedTuple):
    """One run of one handler, as the dispatcher gets it from any trigger.

    `payload` is an encoded value, empty for none. `source` names what fired (topic, cron
    expression) and is empty for requests; `cause_id` names the cause across attempts. `held` takes
    the writes of an atomic step; without it they are carried out at once. `trigger_index` is the place of the
    trigger that fired in the config's `triggers`.
    """

    step: Step
    kind: TriggerKind
    payload: Payload
    trace_id: str
    attempt: int = 1
    source: str = ""
    cause_id: str = ""
    held: Held | None = None
    trigger_index: int = 0


class Body(Protocol):
    """A response body that its handler is still producing; the invocation goes on until it ends."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come. Raises `BodyLost` when the handler fails or its runner is lost."""

    def stop(self) -> None:
        """Asks the handler to stop: nobody reads on. Without effect once the body has ended."""


class Outcome(NamedTuple):
    """How an invocation ended: `failure` is None when the handler returned.

    `body` is the response body where it is sent as it is produced; the payload then holds the rest of the response.
    """

    payload: Payload = b""
    failure: Failure | None = None
    body: Body | None = None


class LogLevel(Enum):
    """How loud a log line is; the value orders them."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log line; `time` is a Unix time in seconds, `data` an encoded value or empty."""

    time: float
    level: LogLevel
    source: str
    message: str
    data: bytes = b""
    trace_id: str = ""
