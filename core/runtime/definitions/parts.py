"""What the maps inside a config have in common: how they are read, and what is said of what is wrong with them."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from runtime.config import in_our_words
from runtime.jsonschemas.drafts import to_2020_12
from runtime.jsonschemas.places import names_in
from runtime.model import JsonSchema, Problem, Severity

ConfigPath = tuple[str | int, ...]
"""The keys and indices that lead to a place in a config."""
NO_SCHEMAS: Mapping[str, JsonSchema] = {}
MAX_PROBLEMS = 50
"""What is said of one file; the rest is left out."""
_SHOWN_CHARACTERS = 80
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200


class Part(BaseModel):
    """A map inside a config; its keys are camelCase there. A key whose value is null counts as absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        return present(given) if isinstance(given, Mapping) else given


P = TypeVar("P", bound=Part)


def _is_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("write a number")
    return value


_GUARDS = ("middleware", "validate", "canAccess")
"""Keys that keep requests or clients out: a file with one of them misspelt must not serve without it."""
Text = Annotated[str, Field(min_length=1)]
"""A text that says something."""
NoSwitch = BeforeValidator(_is_number)
"""Keeps `true` from being read as the number 1."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A schema that the runner took out of the config, back at its place."""

    schema: JsonSchema


class Reading:
    """The config of one file while it is read: its schemas are back in it, and problems are collected on the way."""

    def __init__(self, file: str, config: Mapping[Any, Any], schemas: Mapping[str, JsonSchema]) -> None:
        self.config = present(config)
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.file = file
        copies: set[int] = set()
        for pointer, schema in schemas.items():
            _put_back(self.config, names_in(pointer), Taken(schema), copies)

    def error(self, path: ConfigPath, message: str, fix: str) -> None:
        """Notes what leaves the file out; the message follows the place, an empty path is the config itself."""
        if len(self.errors) < MAX_PROBLEMS:
            self.errors.append(Problem(self.file, f"{_named(path)}{message}", fix))

    def warn(self, path: ConfigPath, message: str, fix: str) -> None:
        """Notes what the file can do with."""
        if len(self.warnings) < MAX_PROBLEMS:
            self.warnings.append(Problem(self.file, f"{place(path)}{message}", fix, severity=Severity.WARNING))

    def part(self, model: type[P], given: object, path: ConfigPath = ()) -> P | None:
        """The map as its model, or None when it does not fit; then every fault is noted."""
        try:
            return model.model_validate(given)
        except ValidationError as error:
            for fault in error.errors()[:MAX_PROBLEMS]:
                self._explain(fault, known_keys(model), path, _as_list(model, given, fault))
            return None

    def schema(self, given: object, path: ConfigPath) -> JsonSchema | None:
        """The schema at a place, None where there is none; what is no schema is noted and left out."""
        if given is None:
            return None
        if isinstance(given, Taken):
            return given.schema
        try:
            return to_2020_12(given)
        except (ValueError, RecursionError) as error:
            fix = f"correct {place(path)}, or leave it out: without it nothing is checked"
            self.warn(path, f" is no JSON Schema and is ignored: {error}", fix)
            return None

    def unknown_keys(
        self,
        given: Mapping[Any, Any],
        path: ConfigPath,
        models: Sequence[type[Part]],
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        """Warns of each key that no model has, also inside the parts that are models of their own.

        `elsewhere` has advice for keys that are known, but not here.
        """
        known = [key for model in models for key in known_keys(model)]
        unknown = [str(key) for key, value in given.items() if value is not None and str(key) not in known]
        for key in unknown[:MAX_PROBLEMS]:
            nearest = difflib.get_close_matches(key, known, n=1)
            if nearest and nearest[0] in _GUARDS and (elsewhere or {}).get(key) is None:
                fix = f"write '{nearest[0]}', or give it another name"
                self.error((*path, key), f" is not '{nearest[0]}': what that guards would stand open", fix)
                continue
            advice = (elsewhere or {}).get(key) or _nearest(key, known)
            self.warn((*path, key), " is not a known key and is ignored", advice)
        for model in models:
            for key, inner, is_list in _parts_of(model):
                value = given.get(key)
                if is_list and isinstance(value, list | tuple):
                    for index, item in enumerate(value):
                        if isinstance(item, Mapping):
                            self.unknown_keys(item, (*path, key, index), (inner,))
                elif not is_list and isinstance(value, Mapping):
                    self.unknown_keys(value, (*path, key), (inner,))

    def _explain(self, fault: Any, known: Sequence[str], path: ConfigPath, instead: str) -> None:
        """Notes a fault; `instead` is what to write there, empty where that is not known."""
        path = (*path, *fault["loc"])
        message = in_our_words(fault)
        if fault["type"] != "missing":
            fix = f"write {instead}" if instead else f"correct {place(path)}"
            self.error(path, f": {message} (it is {shown(fault['input'])})", fix)
            return
        key = str(path[-1])
        given = fault["input"] if isinstance(fault["input"], Mapping) else {}
        self.missing(key, path[:-1], [str(name) for name in given if name not in known])

    def missing(self, key: str, path: ConfigPath, unknown: Sequence[str]) -> None:
        """Notes a key that is not there; one of the unknown ones may be meant for it."""
        nearest = difflib.get_close_matches(key, unknown, n=1)
        fix = f"rename '{nearest[0]}' to '{key}'" if nearest else f"add '{key}' to {_named(path)}"
        self.error((*path, key), " is missing", fix)


def present(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """The map without the keys whose value is null."""
    return {key: value for key, value in given.items() if value is not None}


def place(path: ConfigPath) -> str:
    """The path as people write it, such as `config.triggers[0].path`."""
    return "config" + "".join(f"[{key}]" if isinstance(key, int) else f".{key[:_SHOWN_CHARACTERS]}" for key in path)


def shown(value: object) -> str:
    """The value as its language writes it, cut where it is long."""
    return _SHORT.repr(value)


def _named(path: ConfigPath) -> str:
    return place(path) if path else "the config"


@cache
def known_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a model as a config has them."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _put_back(config: Any, keys: Sequence[str], taken: Taken, copies: set[int]) -> None:
    """Puts a schema at its place; what is changed on the way is copied first. A place that cannot be is passed over."""
    at = config
    for depth, name in enumerate(keys, 1):
        key: Any = name
        if isinstance(at, MutableSequence):
            if not _INDEX.fullmatch(name) or int(name) >= len(at):
                return
            key = int(name)
        elif not isinstance(at, MutableMapping):
            return
        there = at[key] if isinstance(key, int) else at.get(key)
        at[key] = taken if depth == len(keys) else _own(there, copies)
        at = at[key]


def _own(value: object, copies: set[int]) -> object:
    """A copy of a map or list that may be changed; a map where there is nothing."""
    if id(value) in copies or (value is not None and not isinstance(value, Mapping | list)):
        return value
    copy = list(value) if isinstance(value, list) else dict(value or {})
    copies.add(id(copy))
    return copy


@cache
def _parts_of(model: type[BaseModel]) -> Sequence[tuple[str, type[Part], bool]]:
    """The keys of a model whose values are parts, and whether they are lists of them."""
    found: list[tuple[str, type[Part], bool]] = []
    for name, field in model.model_fields.items():
        is_list = get_origin(field.annotation) is tuple
        inner: Any = get_args(field.annotation)[0] if is_list else field.annotation
        inner = get_args(inner)[0] if get_args(inner) else inner
        if isinstance(inner, type) and issubclass(inner, Part):
            found.append((field.alias or name, inner, is_list))
    return found


def _as_list(model: type[Part], given: Any, fault: Any) -> str:
    """The list that a text is meant to be the only item of, as it is written; empty where that would not fit."""
    key, value = fault["loc"], fault["input"]
    if fault["type"] != "tuple_type" or len(key) != 1 or not isinstance(value, str) or shown(value) != repr(value):
        return ""
    try:
        model.model_validate({**given, key[0]: [value]})
    except ValidationError as error:
        if any(each["loc"][:1] == key for each in error.errors()):
            return ""
    return f"[{shown(value)}]"


def _nearest(key: str, known: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{nearest[0]}'?" if nearest else "remove it, or see the list of keys in the documentation"
