"""The data of log lines as JSON, whatever it is."""

from __future__ import annotations

import json
import math

from runtime.values import decode


def json_of(data: bytes) -> str:
    """Encoded values as JSON, with nothing in it that JSON does not know; what is no value as its bytes in hex."""
    try:
        return json.dumps(_plain(decode(data)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps(data.hex())


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key if isinstance(key, str) else repr(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)
