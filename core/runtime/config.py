"""`runtime.yaml` and the environment as frozen settings: every bound of the runtime has its name here.

Keys are camelCase in the file. Times are in seconds, sizes in bytes, unless a name says otherwise.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from runtime.errors import ConfigFault

CONFIG_FILE = "runtime.yaml"
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def known_timezone(name: str) -> str:
    """The name itself. Raises `ValueError` unless it is empty or an IANA time zone that this machine knows."""
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"'{name}' is no known time zone; write an IANA name such as 'Europe/Berlin'") from error
    return name


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )


class HttpSettings(_Section):
    """The HTTP edge."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(3000, ge=0, le=65535)
    """Port to listen on; 0 lets the system choose."""
    server: Literal["uvicorn", "hypercorn"] = "uvicorn"
    """uvicorn serves plain HTTP/1.1 and is the faster; hypercorn serves HTTP/2 as well."""
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


class Settings(_Section):
    """All that `runtime.yaml` may say."""

    http: HttpSettings = HttpSettings()
    runners: Mapping[str, RunnerSettings] = Field(default_factory=dict)
    link: LinkSettings = LinkSettings()
    bus: BusSettings = BusSettings()
    cron: CronSettings = CronSettings()
    state: StateSettings = StateSettings()
    storage: StorageSettings = StorageSettings()
    durability: Literal["process", "full"] = "process"
    """What an acknowledged write survives: the kill of any process, or a power cut as well."""
    log: LogSettings = LogSettings()
    control: ControlSettings = ControlSettings()
    shutdown_grace: float = Field(10.0, ge=0)
    """How long running handlers may take to finish when the runtime stops."""

    def runner(self, language: str) -> RunnerSettings:
        """The settings of a language's runner, with defaults where the file is silent."""
        return self.runners.get(language) or RunnerSettings()


def load_settings(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Reads `runtime.yaml` of the project, if there is one, with `${ENV}` and `${ENV:-default}` filled in.

    LOG_LEVEL and LOG_FORMAT in the environment win over the file. Raises `ConfigFault` that names
    file and key for anything that cannot be read or is not valid.
    """
    environ = os.environ if environ is None else environ
    document = _read(root / CONFIG_FILE, environ)
    for variable, key in (("LOG_LEVEL", "level"), ("LOG_FORMAT", "format")):
        if environ.get(variable):
            section = document.setdefault("log", {})
            if isinstance(section, dict):
                section[key] = environ[variable].lower()
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise ConfigFault(_explain(error)) from error


def _read(path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigFault(f"{path.name} cannot be read: {error}", "make it a readable UTF-8 file") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigFault(f"{path.name} is not valid YAML: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigFault(f"{path.name} must be a map of settings, not a {type(document).__name__}")
    filled: dict[str, Any] = _fill(document, environ, "")
    return filled


def _fill(value: Any, environ: Mapping[str, str], place: str) -> Any:
    """Replaces `${NAME}` inside strings; a string that is one variable may become a number, as YAML reads it."""
    if isinstance(value, dict):
        return {key: _fill(item, environ, f"{place}.{key}" if place else str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, environ, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name in environ:
            return environ[name]
        if default is None:
            raise ConfigFault(
                f"{CONFIG_FILE}: {place} needs the environment variable {name}, which is not set",
                f"set {name}, or write ${{{name}:-a default}}",
            )
        return default

    filled = _VARIABLE.sub(replace, value)
    return _scalar(filled) if _VARIABLE.fullmatch(value) else filled


def _scalar(text: str) -> Any:
    """What YAML reads in a plain word: a number, a boolean, null; everything else stays text."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if value is None or isinstance(value, bool | int | float) else text


def _explain(error: ValidationError) -> str:
    return "\n".join(f"{CONFIG_FILE}: {_explain_one(fault)}" for fault in error.errors())


def _explain_one(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg']} (it is {fault['input']!r})"
    known = _keys_at(fault["loc"][:-1])
    nearest = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known)}"
    return f"{place} is not a setting; {hint}"


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    section: type[BaseModel] = Settings
    for part in path:
        if section is Settings and part == "runners":
            section = RunnerSettings
            continue
        field = next((f for f in section.model_fields.values() if part == f.alias), None)
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            section = field.annotation
    return [field.alias or name for name, field in section.model_fields.items()]
