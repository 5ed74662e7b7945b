"""`runtime.yaml` and the environment -> settings, or a fault that names the key."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from yaml.reader import ReaderError

from runtime.config import RunnerSettings, Settings, in_our_words
from runtime.errors import ConfigFault
from runtime.files import read_file

CONFIG_FILE = "runtime.yaml"
_MAX_ENTRIES = 10_000
_MAX_DEPTH = 32
Place = tuple[str | int, ...]
Filled = dict[Place, str]
"""Places that hold the value of an environment variable, and its name: what is said of them must not show it."""
_LATER = ("adapters",)
"""Settings that Motia has at the top."""
_FROM_ENVIRONMENT = (("PORT", "http", "port"), ("LOG_LEVEL", "log", "level"), ("LOG_FORMAT", "log", "format"))
"""Variables that win over the file, each with its place there."""
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def load_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Reads `runtime.yaml` of the project, if there is one, with `${ENV}` and `${ENV:-default}` filled in.

    PORT, LOG_LEVEL and LOG_FORMAT in the environment win over the file. Raises `ConfigFault` that names
    file and key, or the variable, for anything that cannot be read or is not valid.
    """
    filled: Filled = {}
    return _settings(_read(root / CONFIG_FILE, environ, filled), environ, filled)


def default_settings(environ: Mapping[str, str]) -> Settings:
    """Those of a project without a file; the same variables win over them. Raises `ConfigFault` for one of them."""
    return _settings({}, environ, {})


def _settings(document: dict[str, Any], environ: Mapping[str, str], filled: Filled) -> Settings:
    for variable, name, key in _FROM_ENVIRONMENT:
        if environ.get(variable):
            section = document[name] = {} if document.get(name) is None else document[name]
            if isinstance(section, dict):
                section[key] = environ[variable].lower()
                filled[name, key] = variable
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise _fault(_explain(error, filled)) from None  # pydantic's own text has the values in it
    for place, variable in filled.items():
        _note(settings, place, variable)
    return settings


def _note(settings: Settings, place: Place, variable: str) -> None:
    """Tells the section that a place is in where the value there comes from."""
    at: Any = settings
    section, setting = settings, ""
    for key in place:
        if isinstance(at, BaseModel):
            section, setting = at, str(key)  # type: ignore[assignment]
            names = (name for name, field in type(at).model_fields.items() if key in (name, field.alias))
            at = getattr(at, next(names))
        else:
            at = at.get(key) if isinstance(at, Mapping) else None
    section.comes_from(setting, variable)


def _read(path: Path, environ: Mapping[str, str], filled: Filled) -> dict[str, Any]:
    try:
        text = read_file(path).decode("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(f"it cannot be read: {error}", "make it a readable UTF-8 file") from error
    try:
        document = yaml.safe_load(text)
        _check_keys(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise _yaml_fault(error, text) from error
    except (RecursionError, ValueError) as error:  # a date that is none, such as 2024-99-99, is a ValueError
        reason = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        raise _fault(f"it cannot be read: {reason}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _fault(f"it must be a map of settings, not a {type(document).__name__}")
    if not _is_bounded(document):
        limits = f"at most {_MAX_ENTRIES} entries, {_MAX_DEPTH} deep, aliases written out"
        raise _fault(f"it holds more than settings: {limits}")
    result: dict[str, Any] = _fill(document, environ, (), filled)
    return result


def _fault(reason: str, fix: str = "", line: int = 0, column: int = 0) -> ConfigFault:
    return ConfigFault(reason, fix, file=CONFIG_FILE, line=line, column=column)


def _yaml_fault(error: yaml.YAMLError, text: str) -> ConfigFault:
    """What the parser says, with the place that it gives in its own ways."""
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        return _fault(f"this is not valid YAML: the character U+{error.character:04X}", "remove it", line, column)
    if not isinstance(error, yaml.MarkedYAMLError):
        return _fault(f"this is not valid YAML: {error}")
    mark = error.problem_mark or error.context_mark
    reason = "this is not valid YAML: " + ", ".join(filter(None, (error.context, error.problem)))
    return _fault(reason, "", mark.line + 1, mark.column + 1) if mark is not None else _fault(reason)


def _check_keys(document: yaml.Node | None) -> None:
    """Raises `ConfigFault` for a key that stands twice in one map, of which YAML would take the last."""
    waiting, seen = [document], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, value in node.value:
                line, column = key.start_mark.line + 1, key.start_mark.column + 1
                if isinstance(key, yaml.ScalarNode) and first.setdefault(key.value, line) != line:
                    reason = f"'{key.value}' stands in line {first[key.value]} already"
                    raise _fault(reason, "put what is below both under one of them", line, column)
                waiting.append(value)
        else:
            waiting += node.value


def _is_bounded(document: object) -> bool:
    """False for what aliases make endless, or longer than anybody has written."""
    entries, waiting = 0, [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        entries += 1
        if entries > _MAX_ENTRIES or depth > _MAX_DEPTH:
            return False
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting.extend((item, depth + 1) for item in inner)
    return True


def _fill(value: Any, environ: Mapping[str, str], place: Place, filled: Filled) -> Any:
    """Replaces `${NAME}` inside strings; a string that is one variable, and empty, counts as absent.

    What is filled in stays text, of which the settings make the numbers that they ask for.
    """
    if isinstance(value, dict):
        return {key: _fill(item, environ, (*place, key), filled) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, environ, (*place, index), filled) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        filled[place] = name
        if name in environ:
            return environ[name]
        if default is None:
            raise _fault(
                f"{_dotted(place)} needs the environment variable {name}, which is not set",
                f"set {name}, or write ${{{name}:-a default}}",
            )
        return default

    text = _VARIABLE.sub(replace, value)
    return None if not text and _VARIABLE.fullmatch(value) else text


def _explain(error: ValidationError, filled: Filled) -> str:
    return "\n".join(_explain_one(fault, filled) for fault in error.errors())


def _explain_one(fault: Any, filled: Filled) -> str:
    place = fault["loc"]
    if fault["type"] != "extra_forbidden":
        variables = [name for at, name in filled.items() if at[: len(place)] == place or at == place[: len(at)]]
        found = f"it comes from {', '.join(variables)}" if variables else f"it is {_shown(place, fault['input'])}"
        return f"{_dotted(place)}: {in_our_words(fault)} ({found})"
    key = str(place[-1])
    if len(place) == 1 and key in _LATER:
        return f"{key} is not a setting of this version; remove it"
    if elsewhere := _places_of(key):
        return f"{_dotted(place)} is not a setting; it is {' or '.join(elsewhere)}"
    known = _keys_at(place[:-1])
    nearest = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known)}"
    return f"{_dotted(place)} is not a setting; {hint}"


def _shown(place: Place, value: object) -> str:
    """The value for a message; never what may be secret, or hold something that is."""
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    fields = _section(place[:-1]).model_fields.values()
    is_secret = any(field.alias == place[-1] and SecretStr in get_args(field.annotation) for field in fields)
    return "no text" if is_secret else reprlib.repr(value)


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _keys_at(path: Place) -> list[str]:
    return [field.alias or name for name, field in _section(path).model_fields.items()]


def _places_of(key: str) -> list[str]:
    """Where settings of this name are, those of runners left out."""
    sections = [*Settings.model_fields, "http.cors", "http.tls"]
    return [f"{section}.{key}" for section in sections if key in _keys_in(section)]


def _keys_in(section: str) -> list[str]:
    place = tuple(section.split("."))
    return [] if _section(place) in (_section(place[:-1]), RunnerSettings) else _keys_at(place)


def _section(path: Place) -> type[BaseModel]:
    """The model of the section at a place, or of the last one on the way there."""
    section: type[BaseModel] = Settings
    for part in path:
        if section is Settings and part == "runners":
            section = RunnerSettings
            continue
        field = next((f for f in section.model_fields.values() if part == f.alias), None)
        of = get_args(field.annotation) or (field.annotation,) if field is not None else ()
        section = next((each for each in of if isinstance(each, type) and issubclass(each, BaseModel)), section)
    return section
