"""All settings, and the sections that are short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from runtime.config.http import HttpSettings
from runtime.config.reload import ReloadSettings
from runtime.config.runners import LinkSettings, RunnerSettings
from runtime.config.section import LARGEST, LONGEST, MOST, Section, said_off
from runtime.config.streams import StreamSettings
from runtime.config.telemetry import TelemetrySettings
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


class BusSettings(Section):
    """The event bus."""

    max_event_bytes: int = Field(1024 * 1024, ge=1024, le=LARGEST)
    """The largest event."""
    max_queue_length: int = Field(1_000_000, ge=1, le=MOST)
    """Events that one queue may hold in memory."""
    max_cached_bytes: int = Field(64 * 1024 * 1024, ge=0, le=LARGEST)
    """Bytes of waiting events that are kept in memory; what is over waits on disk alone."""
    idempotency_window: float = Field(24 * 3600.0, gt=0, le=LONGEST)
    """How long an idempotency key of `emit` is remembered, in seconds."""
    max_held_writes: int = Field(10_000, ge=1, le=MOST)
    """Writes that one run of an atomic step may hold."""
    max_held_bytes: int = Field(64 * 1024 * 1024, ge=1024, le=LARGEST)
    """Bytes of them."""
    strict_emits: bool = False
    """True refuses an emit to a topic that the step does not declare."""


class CronSettings(Section):
    """Schedules."""

    timezone: Annotated[str, AfterValidator(known_timezone)] = ""
    """IANA name for schedules that give none; empty for the machine's."""
    max_catch_up: int = Field(1000, ge=1, le=1_000_000)
    """Missed ticks that a schedule with `catchUp: all` makes up for at once; of more, the newest."""


class StateSettings(Section):
    """State and streams."""

    max_value_bytes: int = Field(8 * 1024 * 1024, ge=1024, le=LARGEST)
    """The largest value or item."""


class LogSettings(Section):
    """Log output."""

    level: Literal["debug", "info", "warn", "error"] = "info"
    """Lines below this level are not shown."""
    format: Literal["text", "json"] | None = None
    """Absent for text in `dev` and json in `start`."""
    requests: bool | None = None
    """Whether each request gets a line. Absent for yes in `dev`, unless the level leaves lines of information out."""
    max_waiting_bytes: int = Field(8 * 1024 * 1024, ge=1024, le=LARGEST)
    """Bytes of lines that wait for a slow reader; what is over is not written, and counted."""


class StorageSettings(Section):
    """Where events, state, streams and schedules are kept."""

    engine: Literal["sqlite", "memory"] = "sqlite"
    """sqlite keeps everything in `.runtime/runtime.db`; memory forgets it with the process."""


def _secret(value: object) -> object:
    """Text as it is; of anything else not even its value, which the fault of a wrong type would print."""
    return value if value is None or isinstance(value, str | SecretStr) else ""


class ControlSettings(Section):
    """The control routes under `/__runtime`."""

    enabled: bool | None = None
    """Absent for on in `dev`, and in `start` when there is a token."""
    token: Annotated[SecretStr | None, BeforeValidator(_secret)] = None
    """What `start` asks for as `Authorization: Bearer`; `dev` makes one of its own for each run."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that the routes may be called by, beside localhost, 127.0.0.1 and [::1]; without a port."""


def _or_defaults(value: object) -> object:
    return {} if value is None else value


class Settings(Section):
    """All that `runtime.yaml` may say."""

    http: HttpSettings = HttpSettings()
    runners: Mapping[str, Annotated[RunnerSettings, BeforeValidator(_or_defaults)]] = Field(default_factory=dict)
    link: LinkSettings = LinkSettings()
    reload: ReloadSettings = ReloadSettings()
    bus: BusSettings = BusSettings()
    cron: CronSettings = CronSettings()
    state: StateSettings = Field(StateSettings(), validate_default=True)
    streams: StreamSettings = StreamSettings()
    storage: StorageSettings = StorageSettings()
    validation: Annotated[Validation, BeforeValidator(said_off)] = Validation.WARN
    """What follows when a value does not fit its schema: off, warn (a line in the log) or enforce (it is refused)."""
    durability: Literal["process", "full"] = "process"
    """What an acknowledged write survives: the kill of any process, or a power cut as well."""
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    control: ControlSettings = ControlSettings()
    shutdown_grace: float = Field(10.0, ge=0, le=LONGEST)
    """How long running handlers may take to finish when the runtime stops."""

    @field_validator("state")
    @classmethod
    def _changes_can_be_sent(cls, state: StateSettings, info: ValidationInfo) -> StateSettings:
        link: LinkSettings | None = info.data.get("link")
        if link and 2 * state.max_value_bytes + 4096 > link.max_payload_bytes:
            why = "a step that watches a value gets it together with the one before"
            raise ValueError(f"twice state.maxValueBytes, and 4 KiB, must fit into link.maxPayloadBytes: {why}")
        return state

    def runner(self, language: str) -> RunnerSettings:
        """The settings of a language's runner, with defaults where the file is silent."""
        return self.runners.get(language) or RunnerSettings()
