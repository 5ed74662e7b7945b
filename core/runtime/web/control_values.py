"""Encoded values <-> JSON, for people and programs that read and write payloads through the control routes.

JSON has no bytes: they are written `{"$bytes": "<base64>"}`, in both directions.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from typing import Any

from runtime.values import decode, encode

_BYTES = "$bytes"
_MAX_DEPTH = 512  # PROTOCOL.md, section 8: deeper values are refused where they are sent

_TOO_DEEP = f"lists and maps nest more than {_MAX_DEPTH} deep"


def to_json(data: bytes) -> Any:
    """The value as JSON has it. Numbers that JSON lacks become text, what is no value is shown as bytes."""
    try:
        return _plain(decode(data), 0)
    except ValueError:
        return _plain(data, 0)


def from_json(text: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` for what is no JSON or cannot be sent as a value."""
    try:
        value = json.loads(text, object_hook=_bytes_of, parse_constant=_refuse)
        encode(value)
    except OverflowError as error:
        raise ValueError("a number has more than 64 bits") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if _nests_too_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def _plain(value: object, depth: int) -> object:
    # Loops, not comprehensions: those would need a second frame of the stack for each level.
    if depth > _MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, dict):
        members = {}
        for key, item in value.items():
            members[key if isinstance(key, str) else str(key)] = _plain(item, depth + 1)
        return members
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_plain(item, depth + 1))
        return items
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)


def _nests_too_deep(value: Any) -> bool:
    layer: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        layer = [item for outer in layer for item in _items(outer) if isinstance(item, dict | list)]
        if not layer:
            return False
    return True


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _bytes_of(members: dict[str, Any]) -> Any:
    if members.keys() != {_BYTES}:
        return members
    try:
        return base64.b64decode(members[_BYTES], validate=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f'{{"{_BYTES}": ...}} holds no base64 text') from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
