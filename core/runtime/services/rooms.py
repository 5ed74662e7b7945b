"""Who follows which groups and items of streams: each is told of every change, in order, none twice."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.records import StreamChange
from runtime.services.frames import Frame, History, Place
from runtime.services.jsonvalues import decoded, json_text, to_json
from runtime.services.streams import StreamService

__all__ = ["Frame", "Member", "Place", "Rooms"]

_HIDDEN = "__motia"
"""Metadata of items that handlers see and clients do not."""


class Member(Protocol):
    """Somebody who follows."""

    def deliver(self, frame: Frame) -> None:
        """Takes the next message; must neither block nor raise."""


class _Room:
    """Who is told of a group or an item, and who has come and still waits for what it holds."""

    __slots__ = ("changes", "joining", "members", "snapshot")

    def __init__(self) -> None:
        self.members: dict[Member, None] = {}
        self.joining: dict[Member, None] = {}
        self.changes = 0
        self.snapshot: bytes | None = None
        """What the group holds, as JSON; None when that is to be read."""


class Rooms:
    """The rooms of all streams. A member must not join one place twice at the same time."""

    def __init__(self, streams: StreamService, clock: Clock, settings: StreamSettings) -> None:
        """Hears of every change from now on."""
        self._streams = streams
        self._clock = clock
        self._rooms: dict[Place, _Room] = {}
        self._joined: dict[Member, dict[Place, None]] = {}
        self._last = 0
        self._history = History(settings.max_history, settings.max_cached_bytes, self._stamp())
        self._snapshots = _Snapshots(settings.max_cached_bytes)
        streams.listen(self._hear)

    async def join(self, member: Member, place: Place) -> None:
        """Tells the member what there is, then of each change.

        Of a group that is a sync; of an item a sync, a delete when it was there once, and nothing when it never was.
        Raises `HostCallRefused` for a stream that is not known, `StorageFault` when it cannot be read.
        """
        room = self._enter(member, place)
        room.members.pop(member, None)  # who joins again is told of changes behind the sync as well
        room.joining[member] = None
        try:
            frame, timestamp = await self._read(place, room)
        except BaseException:
            self.leave(member, place)
            raise
        if member not in room.joining:
            return  # it has left meanwhile
        self._admit(member, room)
        if frame is not None:
            member.deliver(frame)
        self._replay(member, place, timestamp)

    async def resume(self, member: Member, place: Place, timestamp: int) -> None:
        """Joins, for one who knows all up to a timestamp: it is told what came behind it where that is remembered.

        Where it is not, this is `join`.
        """
        if timestamp > self._last or not self._history.reaches(timestamp):
            return await self.join(member, place)
        self._admit(member, self._enter(member, place))
        return self._replay(member, place, timestamp)

    def leave(self, member: Member, place: Place) -> None:
        """Tells the member no more; without effect when it has not joined."""
        room = self._rooms.get(place)
        if room is None:
            return
        room.members.pop(member, None)
        room.joining.pop(member, None)
        if not room.members and not room.joining:
            self._snapshots.drop(room)
            del self._rooms[place]
        places = self._joined.get(member, {})
        places.pop(place, None)
        if not places:
            self._joined.pop(member, None)

    def leave_all(self, member: Member) -> None:
        """The same for all that it has joined."""
        for place in tuple(self._joined.get(member, ())):
            self.leave(member, place)

    def event(self, place: Place, type: str, data: object) -> Frame:
        """A passing event for one member alone, which nobody else is told of."""
        return Frame(self._stamp(), place, "event", json_text({"type": type, "data": data}))

    def _enter(self, member: Member, place: Place) -> _Room:
        self._joined.setdefault(member, {})[place] = None
        return self._rooms.setdefault(place, _Room())

    def _admit(self, member: Member, room: _Room) -> None:
        room.joining.pop(member, None)
        room.members[member] = None

    def _replay(self, member: Member, place: Place, timestamp: int) -> None:
        for frame in self._history.behind(timestamp, place):
            member.deliver(frame)

    async def _read(self, place: Place, room: _Room) -> tuple[Frame | None, int]:
        """What there is, and the timestamp behind which changes are to be told.

        What changes while it is read is told from the history; it is read again when there was too much of that.
        """
        while True:
            if room.snapshot is None:
                self._streams.settle()  # or a client might be shown what was never stored, and not told that it is gone
            timestamp = self._stamp()
            frame = await (self._item(place, timestamp) if place.id else self._group(place, room, timestamp))
            if self._history.reaches(timestamp):
                return frame, timestamp

    async def _group(self, place: Place, room: _Room, timestamp: int) -> Frame:
        text = room.snapshot
        if text is None:
            changes = room.changes
            items = await self._streams.group(place.stream, place.group)
            text = b"[%b]" % b",".join(map(_item_json, items))
            if changes == room.changes and self._rooms.get(place) is room:
                self._snapshots.keep(room, text)
        return Frame(timestamp, place, "sync", text)

    async def _item(self, place: Place, timestamp: int) -> Frame | None:
        item = await self._streams.get(*place)
        if item:
            return Frame(timestamp, place, "sync", partial(_item_json, item))
        if await self._streams.was_deleted(*place):
            # A client that comes back may hold it still.
            return Frame(timestamp, place, "delete", json_text({"id": place.id}))
        return None

    def _hear(self, change: StreamChange) -> None:
        place = Place(change.stream, change.group, change.id)
        is_event = change.operation == "event"
        make = partial(_event_json if is_event else _item_json, change.data)
        frame = Frame(self._stamp(), place, change.operation, make, len(change.data))
        self._history.add(frame)
        group = self._rooms.get(place.whole) if not (is_event and change.id) else None
        item = self._rooms.get(place) if change.id else None
        if group is not None and not is_event:
            group.changes += 1
            self._snapshots.drop(group)
        for member in _audience(group, item):
            member.deliver(frame)

    def _stamp(self) -> int:
        """Microseconds since 1970, each greater than the one before, whatever the clock does."""
        self._last = max(int(self._clock.now() * 1_000_000), self._last + 1)
        return self._last


class _Snapshots:
    """What rooms keep for those who join next, of at most so many bytes in all."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: dict[_Room, None] = {}

    def keep(self, room: _Room, text: bytes) -> None:
        """Keeps what a room's group holds, until it is dropped or the newest ones need its space."""
        self.drop(room)
        room.snapshot = text
        self._bytes += len(text)
        self._kept[room] = None
        while self._bytes > self._max_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, room: _Room) -> None:
        """Forgets it; without effect when there is nothing."""
        if room.snapshot is not None:
            self._bytes -= len(room.snapshot)
            room.snapshot = None
            del self._kept[room]


def _audience(group: _Room | None, item: _Room | None) -> Iterable[Member]:
    """Who is told now; who waits for what one of the rooms holds is told behind that."""
    if item is None or group is None:
        room = group or item
        return tuple(room.members) if room is not None else ()
    both = {**group.members, **item.members}
    return [member for member in both if member not in group.joining and member not in item.joining]


def _item_json(data: bytes) -> bytes:
    item = decoded(data)
    if isinstance(item, dict):
        item.pop(_HIDDEN, None)
    return json_text(item)


def _event_json(data: bytes) -> bytes:
    return json_text(to_json(data))
