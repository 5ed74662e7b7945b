"""The triggers that changes of state and of streams are: their keys in a config, and what they are called."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from runtime.definitions.parts import Part, Text, shown
from runtime.model import ALL_CHANGES, ChangeKind, StateTrigger, StreamTrigger

_KNOWN = ", ".join(f"'{kind.value}'" for kind in ChangeKind)
_EVERY = "*"
_MARKS = str.maketrans({mark: f"%{ord(mark):02X}" for mark in "%/(*"})
"""What parts a name or stands for every one there, as it is written inside a part."""


def _as_changes(given: object) -> object:
    if not isinstance(given, list | tuple):
        raise ValueError(f"write a list such as ['create'], of {_KNOWN}")
    if not given:
        raise ValueError(f"no change would fire it: name some of {_KNOWN}, or leave 'on' out for all of them")
    words = {kind.value for kind in ChangeKind}
    unknown = [shown(word) for word in given if not isinstance(word, str) or word not in words]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no change: known are {_KNOWN}")
    return frozenset(map(ChangeKind, given))


_Changes = Annotated[frozenset[ChangeKind], BeforeValidator(_as_changes)]


class StatePart(Part):
    """Which changes of a group's values fire."""

    kind: ClassVar = "state"
    group_id: Text
    key: Text = ""
    on: _Changes = ALL_CHANGES


class StreamPart(Part):
    """Which changes of a stream's items fire."""

    kind: ClassVar = "stream"
    stream_name: Text
    group_id: Text = ""
    id: Text = ""
    on: _Changes = ALL_CHANGES


def what_changes(trigger: StateTrigger | StreamTrigger) -> str:
    """What a trigger watches, for people; triggers of a kind that watch different things are never called alike.

    Such as `orders`, `orders/17 (create, delete)`, or `chat/*/welcome` where every group counts.
    """
    if isinstance(trigger, StateTrigger):
        parts = [trigger.group, trigger.key]
    else:
        parts = [trigger.stream, trigger.group, trigger.id]
    while not parts[-1]:
        parts.pop()
    watched = "/".join(place_of(part) if part else _EVERY for part in parts)
    if trigger.on == ALL_CHANGES:
        return watched
    return f"{watched} ({', '.join(kind.value for kind in ChangeKind if kind in trigger.on)})"


def place_of(*names: str) -> str:
    """The names as one, which no other names give."""
    return "/".join(name.translate(_MARKS) for name in names)
