"""The data of log lines as JSON, whatever it is."""

from __future__ import annotations

import json
import math

from runtime.values import decode

_FOR_PEOPLE = json.JSONEncoder(ensure_ascii=False)
_FOR_MACHINES = json.JSONEncoder()


def json_of(data: bytes) -> str:
    """Encoded values as JSON, with nothing in it that JSON does not know; what is no value as its bytes in hex."""
    return _written(data, _FOR_PEOPLE)


def ascii_json_of(data: bytes) -> str:
    """The same for a line that any stream can carry: see `ascii_json`."""
    return _written(data, _FOR_MACHINES).replace("\x7f", "\\u007f")


def ascii_json(value: object) -> str:
    """JSON of printable ASCII alone, which no encoding of the stream changes and which steers no terminal."""
    return _FOR_MACHINES.encode(value).replace("\x7f", "\\u007f")


def _written(data: bytes, encoder: json.JSONEncoder) -> str:
    try:
        return encoder.encode(_plain(decode(data)))
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
