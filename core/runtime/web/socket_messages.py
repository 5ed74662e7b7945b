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


def request_of(message: Mapping[str, Any]) -> Request:
    """The request in a message as ASGI has it. Raises `Malformed`."""
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
    place = Place(_name(data, "streamName"), _name(data, "groupId"), _name(data, "id", is_needed=False))
    return Request(kind == "join", place, _name(data, "subscriptionId", is_needed=False))


def _name(data: Mapping[str, Any], key: str, *, is_needed: bool = True) -> str:
    value = data.get(key)
    if value is None and not is_needed:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"the data of a message has a text as {key}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"{key} holds half a character") from error
    return value
