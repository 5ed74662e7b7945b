"""What clients of sockets say (SPEC, section 8): that they join or leave a group or an item of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from runtime.services.rooms import Place


class Malformed(ValueError):
    """A message that no client may send; its text says what is wrong, and fits into a close frame."""


class Request(NamedTuple):
    """A message; the subscription tells those of one client that follow the same place apart."""

    is_join: bool
    place: Place
    subscription: str


def request_of(message: Mapping[str, Any], max_name_bytes: int) -> Request:
    """The request in a message as ASGI has it, with names of so many bytes at most. Raises `Malformed`."""
    text = message.get("text")
    if text is None:
        raise Malformed("a message is text in UTF-8")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("a message is JSON") from error
    kind = said.get("type") if isinstance(said, dict) else None
    if kind not in ("join", "leave"):
        raise Malformed("a message has the type join or leave")
    data = said.get("data")
    if not isinstance(data, dict):
        raise Malformed("a message has data")
    stream, group = (_name(data, key, max_name_bytes) for key in ("streamName", "groupId"))
    id, subscription = (_name(data, key, max_name_bytes, is_needed=False) for key in ("id", "subscriptionId"))
    return Request(kind == "join", Place(stream, group, id), subscription)


def _name(data: Mapping[str, Any], key: str, max_bytes: int, *, is_needed: bool = True) -> str:
    value = data.get(key)
    if value is None and not is_needed:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"the data of a message has a text as {key}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise Malformed(f"{key} holds half a character") from error
    if size > max_bytes:
        raise Malformed(f"{key} is longer than {max_bytes} bytes (streams.maxNameBytes)")
    return value
