"""Encoded values <-> JSON, for people and programs that read and write payloads through the control routes.

JSON has no bytes: they are written `{"$bytes": "<base64>"}`, in both directions.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from runtime.services.jsonvalues import TOO_DEEP, to_json
from runtime.values import BYTES, MAX_DEPTH, encode, nests_deeper

__all__ = ["from_json", "to_json"]


def from_json(text: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` for what is no JSON or cannot be sent as a value."""
    try:
        value = json.loads(text, object_hook=_bytes_of, parse_constant=_refuse)
        encode(value)
    except OverflowError as error:
        raise ValueError("a number has more than 64 bits") from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    if nests_deeper(value, MAX_DEPTH):
        raise ValueError(TOO_DEEP)
    return value


def _bytes_of(members: dict[str, Any]) -> Any:
    if members.keys() != {BYTES}:
        return members
    try:
        return base64.b64decode(members[BYTES], validate=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f'{{"{BYTES}": ...}} holds no base64 text') from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
