"""A config as user code has it, as what the core gets: plain values here, JSON Schemas there, no functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime_runner import schemas, values

STEP_SCHEMAS = re.compile(
    r"/(triggers/\d+/)?"
    r"(bodySchema|input|pathParams|queryParams(/\d+/schema)?|responseSchema(/[^/]+)?|emits/\d+/schema)"
)
STREAM_SCHEMAS = re.compile(r"/schema")

# What tells a schema from a map of schemas by status.
_KEYWORD = re.compile(r"\$(ref|schema|defs|id)|type|properties|items|allOf|anyOf|oneOf|not|enum|const|definitions")
_STATUS = re.compile(r".*/responseSchema/[^/]+")
_OUTPUT = re.compile(r".*/(responseSchema|emits)(/.*)?")


@dataclass(slots=True)
class Split:
    """A config taken apart: `plain` is encoded, `schemas` are JSON text by JSON pointer.

    `unwritten` says why a schema is missing among them, by place, such as "bodySchema".
    """

    plain: bytes = b""
    schemas: dict[str, bytes] = field(default_factory=dict)
    unwritten: dict[str, str] = field(default_factory=dict)


def split(config: Mapping[Any, Any], places: re.Pattern[str]) -> Split:
    """Takes a config apart; schemas are what stands at `places`, and Pydantic classes anywhere.

    Raises `Unsendable` for what is no config value.
    """
    taken = Split()
    taken.plain = values.encode(_without(config, "", places, taken, ()), "config")
    return taken


def is_function(value: Any) -> bool:
    """True for what can be called and is no class."""
    return callable(value) and not isinstance(value, type)


def _without(value: Any, pointer: str, places: re.Pattern[str], taken: Split, within: tuple[int, ...]) -> Any:
    if id(value) in within or len(within) > values.MAX_DEPTH:
        return value  # what contains itself or is too deep is refused, with its place, when it is encoded
    within = (*within, id(value))
    if isinstance(value, list | tuple):
        items = [item for item in value if not is_function(item)]
        return [_without(item, f"{pointer}/{at}", places, taken, within) for at, item in enumerate(items)]
    if not isinstance(value, Mapping):
        return value
    kept: dict[Any, Any] = {}
    for key, item in value.items():
        place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if schemas.is_model(item) or (places.fullmatch(place) and _is_schema(item, place)):
            _take(item, place, taken)
        elif not is_function(item):
            name = str(key) if isinstance(key, int) else key
            kept[name] = _without(item, place, places, taken, within)
    return kept


def _is_schema(value: Any, place: str) -> bool:
    """Tells a schema from what else may stand at its place: a list of parameters, a map by status, nothing."""
    if value is None:
        return False
    if place.endswith("/queryParams"):
        return not isinstance(value, list | tuple)
    if place.endswith("/responseSchema") and isinstance(value, Mapping):
        return any(_KEYWORD.fullmatch(str(key)) for key in value)
    return True


def _take(schema: Any, place: str, taken: Split) -> None:
    try:
        taken.schemas[place] = schemas.write(schema, is_output=_OUTPUT.fullmatch(place) is not None)
    except Exception as error:  # whatever Pydantic or a class of the user's throws
        taken.unwritten[place[1:].replace("/", ".")] = schemas.reason_of(error)
        if _STATUS.fullmatch(place):
            taken.schemas[place] = b"true"  # the status is answered all the same, with anything
