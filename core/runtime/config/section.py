"""What all sections of `runtime.yaml` have in common, and the words for what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

LONGEST = 10 * 365 * 24 * 3600.0
"""Seconds that a setting may have: ten years, which timers can be set to."""
MOST = 1_000_000_000
"""How many of anything may be asked for."""
LARGEST = 1024**4
"""Bytes of anything."""


def in_our_words(fault: Mapping[str, Any]) -> str:
    """What a fault of pydantic's says, without the names of classes and of what only Python has."""
    return _WORDS.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))


_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "this is no map of keys"),
    **dict.fromkeys(("list_type", "tuple_type"), "this is no list"),
    "string_type": "this is no text",
}


def said_off(value: object) -> object:
    """The word off where it stands without quotes, which YAML 1.1 takes for false."""
    return "off" if value is False else value


class Section(BaseModel):
    """A part of the settings: keys in camelCase, none that is not known, never changed."""

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
