"""What `runtime.yaml` may say, as frozen settings: every bound of the runtime has its name here.

Keys are camelCase in the file. Times are in seconds, sizes in bytes, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic.alias_generators import to_camel

from runtime.model import Validation


def known_timezone(name: str) -> str:
    """The name itself. Raises `ValueError` unless it is empty or an IANA time zone that this machine knows."""
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            # Without the name: it may come from the environment, whose values are not shown.
            raise ValueError("this is no known time zone; write an IANA name such as 'Europe/Berlin'") from error
    return name


def in_our_words(fault: Mapping[str, Any]) -> str:
    """What a fault of pydantic's says, without the names of classes and of what only Python has."""
    return _WORDS.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))


_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "this is no map of keys"),
    **dict.fromkeys(("list_type", "tuple_type"), "this is no list"),
    "string_type": "this is no text",
}


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )
    _variables: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        """A key with nothing behind it counts as absent, as where everything below it is commented out."""
        return {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given

    def comes_from(self, key: str, variable: str) -> None:
        """Notes that the value under a key of the file holds that of a variable, and must not be shown."""
        self._variables[key] = variable

    def shown(self, key: str, value: object) -> str:
        """A value that was made of a setting, for a message; only the variable's name where it holds one's value."""
        variable = self._variables.get(key)
        return str(value) if variable is None else f"(from {variable})"


class TlsSettings(_Section):
    """The certificate of the HTTP edge; paths relative to the project root, PEM files."""

    certificate: str
    """The certificate, followed by those that stand between it and a root."""
    key: str
    """Its private key."""
    key_password: SecretStr | None = None
    """What the private key is locked with; absent for one that is not."""


class CorsSettings(_Section):
    """Which web pages of other origins may call the project's routes (Fetch standard, section 3.2)."""

    origins: tuple[str, ...] = ()
    """Origins such as 'https://app.example.com', or '*' for all; empty for none."""
    methods: tuple[str, ...] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    """Methods that a preflight allows, of those that the path has."""
    headers: tuple[str, ...] = ("*",)
    """Request headers that a preflight allows; '*' for all that it asks for."""
    exposed_headers: tuple[str, ...] = ("X-Trace-Id",)
    """Response headers that the page may read."""
    credentials: bool = False
    """True lets pages send cookies and authorization; not together with the origin '*'."""
    max_age: int = Field(600, ge=0)
    """Seconds for which a browser may remember a preflight's answer."""

    @model_validator(mode="after")
    def _names_whom_it_trusts(self) -> CorsSettings:
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials for every origin would let any page act as your users; name the origins")
        return self


class HttpSettings(_Section):
    """The HTTP edge."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(3000, ge=0, le=65535)
    """Port to listen on; 0 lets the system choose."""
    server: Literal["uvicorn", "hypercorn"] | None = None
    """uvicorn serves plain HTTP/1.1 and is the faster; hypercorn serves TLS and HTTP/2 as well. Absent for uvicorn
    without `tls` and hypercorn with it."""
    tls: TlsSettings | None = None
    """Absent for plain HTTP."""
    cors: CorsSettings | None = None
    """Absent for pages of this machine (localhost, 127.0.0.1, [::1]) in `dev` and none in `start`."""
    openapi: bool = True
    """False leaves `/openapi.json` out."""
    max_form_parts: int = Field(1000, ge=1)
    """Fields and files of one form; more are answered with 413."""
    max_part_headers: int = Field(8, ge=1)
    """Headers of one part of a multipart form; more are answered with 400."""
    max_part_header_bytes: int = Field(4096, ge=64)
    """Bytes of one of them; a longer one is answered with 400."""
    max_query_keys: int = Field(1000, ge=1)
    """Keys of one query; more are answered with 400."""
    max_query_depth: int = Field(5, ge=1, le=100)
    """Brackets that nest in a key of a query or form, such as `a[b][c]`; what is deeper is one key, as written."""
    max_body_bytes: int = Field(10 * 1024 * 1024, ge=0)
    """A longer request body is answered with 413."""
    max_header_bytes: int = Field(64 * 1024, ge=1024)
    """A longer request head is answered with 431."""
    queue_timeout: float = Field(5.0, ge=0)
    """How long a request waits for room in a runner before it is answered with 503."""
    backlog: int = Field(2048, ge=1)
    """Connections that may wait to be accepted."""
    keep_alive: float = Field(30.0, gt=0)
    """How long an idle connection stays open."""

    @model_validator(mode="after")
    def _can_serve_tls(self) -> HttpSettings:
        if self.tls is not None and self.server == "uvicorn":
            raise ValueError("uvicorn serves plain HTTP here: set http.server to hypercorn, or leave it out")
        return self


class RunnerSettings(_Section):
    """One language's runner."""

    enabled: bool = True
    """False leaves the language's files unloaded."""
    manifest: str | None = None
    """Folder that holds a `runner.toml`, relative to the project root; absent for those that come along."""
    executable: str | None = None
    """Path of the language's own program (node, python); absent for the default."""
    max_in_flight: int = Field(256, ge=1, le=65536)
    """Invocations that may be unfinished at once in a process of this runner."""


class LinkSettings(_Section):
    """The connection between core and runners."""

    chunk_bytes: int = Field(64 * 1024, ge=1024, le=1024 * 1024)
    """A longer payload travels in pieces of this size."""
    max_payload_bytes: int = Field(64 * 1024 * 1024, ge=64 * 1024)
    """The largest request, response, event or value."""
    max_queued_bytes: int = Field(32 * 1024 * 1024, ge=1024 * 1024)
    """Bytes that may wait to be written before producers wait too."""
    max_host_calls: int = Field(1024, ge=1)
    """Calls that one invocation may have unanswered at once."""
    body_window_bytes: int = Field(256 * 1024, ge=1024)
    """Bytes of a streamed response body that its client has not taken yet, before its handler has to wait."""
    max_bodies: int = Field(1024, ge=1)
    """Streamed response bodies that may be under way at once in a runner process."""
    cancel_grace: float = Field(1.0, ge=0)
    """How long a cancelled handler may take before its runner answers in its place."""
    stuck_after: float = Field(2.0, gt=0)
    """How long after that grace a runner may still be silent before it counts as stuck and is started anew."""
    load_timeout: float = Field(60.0, gt=0)
    """How long a runner may take from its start until its manifest."""
    restart_backoff: float = Field(0.1, gt=0)
    """Wait before a dead runner is started again; doubles with each death in a row."""
    restart_backoff_max: float = Field(5.0, gt=0)
    """The longest such wait."""
    max_load_deaths: int = Field(5, ge=1)
    """Deaths in a row before the first manifest that stop the restarts."""


class BusSettings(_Section):
    """The event bus."""

    max_event_bytes: int = Field(1024 * 1024, ge=1024)
    """The largest event."""
    max_queue_length: int = Field(1_000_000, ge=1)
    """Events that one queue may hold in memory."""
    max_cached_bytes: int = Field(64 * 1024 * 1024, ge=0)
    """Bytes of waiting events that are kept in memory; what is over waits on disk alone."""
    idempotency_window: float = Field(24 * 3600.0, gt=0)
    """How long an idempotency key of `emit` is remembered, in seconds."""
    max_held_writes: int = Field(10_000, ge=1)
    """Writes that one run of an atomic step may hold."""
    max_held_bytes: int = Field(64 * 1024 * 1024, ge=1024)
    """Bytes of them."""
    strict_emits: bool = False
    """True refuses an emit to a topic that the step does not declare."""


class CronSettings(_Section):
    """Schedules."""

    timezone: Annotated[str, AfterValidator(known_timezone)] = ""
    """IANA name for schedules that give none; empty for the machine's."""
    max_catch_up: int = Field(1000, ge=1)
    """Missed ticks that a schedule with `catchUp: all` makes up for at once; of more, the newest."""


class StateSettings(_Section):
    """State and streams."""

    max_value_bytes: int = Field(8 * 1024 * 1024, ge=1024)
    """The largest value or item."""


class StreamSettings(_Section):
    """What clients of streams and text streams may cost."""

    max_sockets: int = Field(10_000, ge=1)
    """Sockets that may be open at once; a further one is answered with 503."""
    max_joins: int = Field(1000, ge=1)
    """Groups and items that one socket may have joined at once; a further join is answered with an error event."""
    max_buffer_bytes: int = Field(4 * 1024 * 1024, ge=64 * 1024)
    """Bytes of changes that may wait for one client, what it got at its join not counted; past it a socket is
    closed with 1013, another reader is cut off."""
    max_frame_bytes: int = Field(64 * 1024, ge=1024)
    """The largest message of a client; a larger one closes its socket with 1009."""
    max_messages_per_second: int = Field(500, ge=1)
    """Messages of one client in any second; the rest waits, unread."""
    max_malformed_reports: int = Field(10, ge=0)
    """Malformed frames in any minute that are told of in the log; every one closes its socket with 1007."""
    close_timeout: float = Field(30.0, gt=0)
    """How long a socket that is being closed may take to take what waits for it."""
    ping_interval: float = Field(20.0, gt=0)
    """How often a quiet client is asked whether it is there; readers over HTTP get a comment as often."""
    ping_timeout: float = Field(20.0, gt=0)
    """How long it may take to answer."""
    max_hook_calls: int = Field(256, ge=1)
    """Hooks that may run at once; further ones wait."""
    hook_timeout: float = Field(5.0, gt=0)
    """How long a hook may take, waiting included, before the client is denied."""
    max_history: int = Field(1000, ge=0)
    """Newest changes that are kept in memory for readers over HTTP that come back with a Last-Event-ID."""
    max_cached_bytes: int = Field(64 * 1024 * 1024, ge=0)
    """Bytes of those changes at most; and as many of groups that somebody has joined, kept for who joins them next."""
    max_readers: int = Field(1000, ge=1)
    """Readers over HTTP that may be served at once; a further one is answered with 503."""
    http_reads: bool | None = None
    """True serves streams and texts under `/__runtime/streams` and `/__runtime/text`, to whom the hooks let read.
    Absent for on in `dev` and off in `start`."""
    max_text_bytes: int = Field(16 * 1024 * 1024, ge=1024)
    """The longest text stream."""
    keep_texts: float = Field(24 * 3600.0, gt=0)
    """How long a text stream is kept after it was last written to."""


class LogSettings(_Section):
    """Log output."""

    level: Literal["debug", "info", "warn", "error"] = "info"
    """Lines below this level are not shown."""
    format: Literal["text", "json"] | None = None
    """Absent for text in `dev` and json in `start`."""


class StorageSettings(_Section):
    """Where events, state, streams and schedules are kept."""

    engine: Literal["sqlite", "memory"] = "sqlite"
    """sqlite keeps everything in `.runtime/runtime.db`; memory forgets it with the process."""


def _secret(value: object) -> object:
    """Text as it is; of anything else not even its value, which the fault of a wrong type would print."""
    return value if value is None or isinstance(value, str | SecretStr) else ""


class ControlSettings(_Section):
    """The control routes under `/__runtime`."""

    enabled: bool | None = None
    """Absent for on in `dev`, and in `start` when there is a token."""
    token: Annotated[SecretStr | None, BeforeValidator(_secret)] = None
    """What `start` asks for as `Authorization: Bearer`; `dev` makes one of its own for each run."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that the routes may be called by, beside localhost, 127.0.0.1 and [::1]; without a port."""


def _or_defaults(value: object) -> object:
    return {} if value is None else value


class Settings(_Section):
    """All that `runtime.yaml` may say."""

    http: HttpSettings = HttpSettings()
    runners: Mapping[str, Annotated[RunnerSettings, BeforeValidator(_or_defaults)]] = Field(default_factory=dict)
    link: LinkSettings = LinkSettings()
    bus: BusSettings = BusSettings()
    cron: CronSettings = CronSettings()
    state: StateSettings = StateSettings()
    streams: StreamSettings = StreamSettings()
    storage: StorageSettings = StorageSettings()
    validation: Validation = Validation.WARN
    """What follows when a value does not fit its schema: off, warn (a line in the log) or enforce (it is refused)."""
    durability: Literal["process", "full"] = "process"
    """What an acknowledged write survives: the kill of any process, or a power cut as well."""
    log: LogSettings = LogSettings()
    control: ControlSettings = ControlSettings()
    shutdown_grace: float = Field(10.0, ge=0)
    """How long running handlers may take to finish when the runtime stops."""

    def runner(self, language: str) -> RunnerSettings:
        """The settings of a language's runner, with defaults where the file is silent."""
        return self.runners.get(language) or RunnerSettings()
