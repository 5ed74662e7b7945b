"""The messages that clients of a stream and the runtime exchange over a WebSocket, as AsyncAPI messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_TEXT = {"type": "string"}
_ERRORS = ("STREAM_ACCESS_DENIED", "STREAM_NOT_FOUND", "TOO_MANY_JOINS")
_TIMESTAMP = {"type": "number", "description": "Milliseconds since 1970, each greater than all before."}


def requests(stream: str) -> dict[str, Any]:
    """What a client sends."""
    about = {"join": "Subscribes to a group of items, or to one item.", "leave": "Ends a subscription."}
    return {kind: _message(kind, summary, _request(stream, kind)) for kind, summary in about.items()}


def changes(stream: str, item: Any) -> dict[str, Any]:
    """What a client receives; `item` is the schema of an item as clients see it."""
    known: dict[str, tuple[str, Any]] = {
        "sync": ("The items of the group, or the item, as they are now.", {"anyOf": [_list_of(item), item]}),
        "create": ("A new item.", item),
        "update": ("An item that has changed.", item),
        "delete": ("An item that is gone, as it was, or its id alone.", {"anyOf": [item, _object({"id": _TEXT})]}),
    }
    messages = {
        kind: _message(kind, summary, _frame(stream, _object({"type": {"const": kind}, "data": value})))
        for kind, (summary, value) in known.items()
    }
    error = _object({"code": {"enum": list(_ERRORS)}, "message": _TEXT})
    events = {
        "event": ("What a step sends to the subscribers and stores nowhere.", {"type": _TEXT, "data": {}}),
        "error": ("Why a subscription is refused, said once.", {"type": {"const": "error"}, "data": error}),
    }
    for name, (summary, event) in events.items():
        sent = _object({"type": {"const": "event"}, "event": _object(event)})
        messages[name] = _message(name, summary, _frame(stream, sent))
    return messages


def _message(name: str, summary: str, payload: Any) -> dict[str, Any]:
    return {"name": name, "title": name, "summary": summary, "payload": payload}


def _request(stream: str, kind: str) -> Any:
    place = {"streamName": {"const": stream}, "groupId": _TEXT, "id": _TEXT, "subscriptionId": _TEXT}
    return _object({"type": {"const": kind}, "data": _object(place, optional=("id", "subscriptionId"))})


def _frame(stream: str, event: Any) -> Any:
    """What every frame to a client has around its event."""
    parts = {"timestamp": _TIMESTAMP, "streamName": {"const": stream}, "groupId": _TEXT, "id": _TEXT}
    return _object({**parts, "event": event}, optional=("id",))


def _object(properties: dict[str, Any], optional: Sequence[str] = ()) -> Any:
    required = [key for key in properties if key not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _list_of(item: Any) -> Any:
    return {"type": "array", "items": item}
