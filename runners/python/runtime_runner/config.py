"""A config as user code has it, as what the core gets: plain values here, JSON Schemas there, no functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime_runner import values

STEP_SCHEMAS = re.compile(r"/(triggers/\d+/)?(bodySchema|input|responseSchema/[^/]+)")
STREAM_SCHEMAS = re.compile(r"/schema")


@dataclass(slots=True)
class Split:
    """A config taken apart: `plain` is encoded, `schemas` are JSON text by JSON pointer."""

    plain: bytes = b""
    schemas: dict[str, bytes] = field(default_factory=dict)


def split(config: Mapping[Any, Any], places: re.Pattern[str]) -> Split:
    """Takes a config apart; schemas are what stands at `places`, and Pydantic classes anywhere.

    Raises `Unsendable` for what is no config value.
    """
    taken = Split()
    taken.plain = values.encode(_without(config, "", places, taken.schemas), "config")
    return taken


def is_function(value: Any) -> bool:
    """True for what can be called and is no class."""
    return callable(value) and not isinstance(value, type)


def _without(value: Any, pointer: str, places: re.Pattern[str], schemas: dict[str, bytes]) -> Any:
    if isinstance(value, list | tuple):
        items = [item for item in value if not is_function(item)]
        return [_without(item, f"{pointer}/{at}", places, schemas) for at, item in enumerate(items)]
    if not isinstance(value, Mapping):
        return value
    kept: dict[Any, Any] = {}
    for key, item in value.items():
        place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        schema = _schema_of(item, places.fullmatch(place) is not None)
        if schema is not None:
            schemas[place] = schema
        elif not is_function(item):
            name = str(key) if isinstance(key, int) else key
            kept[name] = _without(item, place, places, schemas)
    return kept


def _schema_of(value: Any, is_expected: bool) -> bytes | None:
    give = getattr(value, "model_json_schema", None) if isinstance(value, type) else None
    if callable(give):
        value = give()
    elif not is_expected or not isinstance(value, Mapping | bool):
        return None
    return json.dumps(value, ensure_ascii=False).encode()
