"""Values as the wire has them (PROTOCOL.md, section 8), for the few places where the core looks inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgpack

NIL = msgpack.packb(None)


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


def encode_array(values: Sequence[bytes]) -> bytes:
    """An array of values that are encoded already."""
    header: bytes = msgpack.Packer().pack_array_header(len(values))
    return header + b"".join(values)
