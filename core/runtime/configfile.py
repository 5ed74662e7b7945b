"""`runtime.yaml` and the environment -> settings, or a fault that names the key."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from runtime.config import RunnerSettings, Settings
from runtime.errors import ConfigFault

CONFIG_FILE = "runtime.yaml"
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


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
        of = get_args(field.annotation) or (field.annotation,) if field is not None else ()
        section = next((each for each in of if isinstance(each, type) and issubclass(each, BaseModel)), section)
    return [field.alias or name for name, field in section.model_fields.items()]
