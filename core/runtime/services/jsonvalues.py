"""Encoded values as JSON, for people, browsers and programs.

JSON has no bytes: see `values.bytes_as_json`. Numbers that JSON lacks are null for clients of streams,
as `JSON.stringify` has them, and text for the people who look at state and events.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from runtime.values import MAX_DEPTH, bytes_as_json, decode, nests_deeper

TOO_DEEP = f"lists and maps nest more than {MAX_DEPTH} deep"

_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode


def to_json(data: bytes) -> Any:
    """The value as JSON has it, for people; what is no value, or nests deeper than values may, is shown as bytes."""
    return _plain(shallow(data), 0, str)


def shallow(data: bytes) -> Any:
    """The value of encoded bytes; the bytes themselves where they are no value or nest deeper than values may."""
    value = decoded(data)
    return data if nests_deeper(value, MAX_DEPTH) else value


def decoded(data: bytes) -> Any:
    """The value of encoded bytes; the bytes themselves where they are no value."""
    try:
        return decode(data)
    except ValueError:
        return data


def json_text(value: object) -> bytes:
    """The JSON of a decoded value, of whatever kind, for clients; what nests too deep may be a text that says so."""
    try:
        text = _fast(value)
    except (TypeError, ValueError, RecursionError):  # something in it is not JSON's
        text = _fast(_plain(value, 0, _null))
    # Half a surrogate pair, which UTF-8 lacks, can only stand inside a string, where JSON has this escape for it.
    return text.encode(errors="backslashreplace")


def _null(number: float) -> None:
    """What clients get in place of a number that JSON lacks."""


def _plain(value: object, depth: int, spelled: Callable[[float], object]) -> object:
    # Loops, not comprehensions: those would need a second frame of the stack for each level.
    if depth >= MAX_DEPTH and isinstance(value, dict | list):
        return TOO_DEEP
    if isinstance(value, dict):
        members = {}
        for key, item in value.items():
            members[key if isinstance(key, str) else str(key)] = _plain(item, depth + 1, spelled)
        return members
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_plain(item, depth + 1, spelled))
        return items
    if isinstance(value, bytes):
        return bytes_as_json(value)
    if isinstance(value, float) and not math.isfinite(value):
        return spelled(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)
