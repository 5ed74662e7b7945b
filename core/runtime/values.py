"""Values as the wire has them (PROTOCOL.md, section 8), for the few places where the core looks inside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgpack

NIL = msgpack.packb(None)
MAX_DEPTH = 512
"""How deep the lists and maps of a value may nest."""
BYTES = "$bytes"
"""The one member of a map that stands for bytes where a value is written as JSON."""


def encode(value: object) -> bytes:
    """The value as MessagePack."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def decode(data: bytes) -> Any:
    """The value of MessagePack bytes; None for no bytes. Raises `ValueError` for anything else."""
    if not data:
        return None
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise ValueError(f"not a MessagePack value: {error}") from error


def bytes_as_json(data: bytes) -> dict[str, str]:
    """What stands for bytes in JSON, which has none: `{"$bytes": "<base64>"}`."""
    return {BYTES: base64.b64encode(data).decode("ascii")}


def nests_deeper(value: object, depth: int) -> bool:
    """Whether the lists and maps of a decoded value nest more than so deep."""
    layer = [value] if isinstance(value, dict | list) else []
    while layer and depth:
        depth -= 1
        inner = (item for outer in layer for item in (outer.values() if isinstance(outer, dict) else outer))
        layer = [item for item in inner if isinstance(item, dict | list)]
    return bool(layer)


def encode_array(values: Sequence[bytes]) -> bytes:
    """An array of values that are encoded already."""
    header: bytes = msgpack.Packer().pack_array_header(len(values))
    return header + b"".join(values)
