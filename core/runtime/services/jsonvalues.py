"""Encoded values as JSON, for people, browsers and programs.

JSON has no bytes: they are written `{"$bytes": "<base64>"}`. Numbers that JSON lacks become text.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from runtime.values import decode

BYTES = "$bytes"
MAX_DEPTH = 512  # PROTOCOL.md, section 8: deeper values are refused where they are sent
TOO_DEEP = f"lists and maps nest more than {MAX_DEPTH} deep"

_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode


def to_json(data: bytes) -> Any:
    """The value as JSON has it; what is no value is shown as bytes."""
    try:
        return _plain(decode(data), 0)
    except ValueError:
        return _plain(data, 0)


def json_text(value: object) -> bytes:
    """The JSON of a decoded value. Raises `ValueError` for one that nests too deep."""
    try:
        return _fast(value).encode()
    except (TypeError, ValueError, RecursionError):  # something in it is not JSON's
        return _fast(_plain(value, 0)).encode()


def _plain(value: object, depth: int) -> object:
    # Loops, not comprehensions: those would need a second frame of the stack for each level.
    if depth > MAX_DEPTH:
        raise ValueError(TOO_DEEP)
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
        return {BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)
