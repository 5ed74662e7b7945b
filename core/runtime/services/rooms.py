"""Who follows which groups and items of streams: each is told of every change, in order, none twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.errors import HostCallRefused
from runtime.records import StreamChange
from runtime.services.frames import Frame, History, Place
from runtime.services.jsonvalues import decoded, json_text, shallow
from runtime.services.snapshots import TOO_LARGE, Snapshots
from runtime.services.streams import StreamService

__all__ = ["Frame", "GroupTooLarge", "Member", "Place", "Rooms"]

_HIDDEN = "__motia"
"""Metadata of items that handlers see and clients do not."""


class GroupTooLarge(HostCallRefused):
    """A group whose items are more than a client is sent at once."""


class Member(Protocol):
    """Somebody who follows."""

    def deliver(self, frame: Frame) -> None:
        """Takes the next message; must neither block nor raise."""


class _Room:
    """Who is told of a group or an item, and who has come and still waits for what it holds."""

    __slots__ = ("changes", "joining", "members")

    def __init__(self) -> None:
        self.members: dict[Member, None] = {}
        self.joining: dict[Member, list[Frame]] = {}
        """With what they are still to be told as members of another room that the same changes concern."""
        self.changes = 0


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
        self._snapshots = Snapshots(settings.max_cached_bytes)
        self._max_sync_bytes = settings.max_sync_bytes
        streams.listen(self._hear)

    async def join(self, member: Member, place: Place) -> None:
        """Tells the member what there is, then of each change.

        Of a group that is a sync; of an item a sync, a delete when it was there once, and nothing when it never was.
        Raises `HostCallRefused` for a stream that is not known, `GroupTooLarge` for a group that has more than
        `streams.maxSyncBytes`, `StorageFault` when it cannot be read.
        """
        room = self._enter(member, place)
        room.members.pop(member, None)  # who joins again is told of changes behind the sync as well
        room.joining[member] = []
        try:
            frame, timestamp = await self._read(place, room)
        except BaseException:
            self.leave(member, place)
            raise
        if member not in room.joining:
            return  # it has left meanwhile
        for held in self._admit(member, room):
            if held.timestamp < timestamp:  # what came later is replayed
                member.deliver(held)
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

    def _admit(self, member: Member, room: _Room) -> list[Frame]:
        """Makes it a member; returns what was held back for it."""
        room.members[member] = None
        return room.joining.pop(member, [])

    def _replay(self, member: Member, place: Place, timestamp: int) -> None:
        for frame in self._history.behind(timestamp, place):
            member.deliver(frame)

    async def _read(self, place: Place, room: _Room) -> tuple[Frame | None, int]:
        """What there is, and the timestamp behind which changes are to be told.

        What changes while it is read is told from the history; it is read again when there was too much of that.
        """
        while True:
            if place not in self._snapshots:
                self._streams.settle()  # or a client might be shown what was never stored, and not told that it is gone
            timestamp = self._stamp()
            frame = await (self._item(place, timestamp) if place.id else self._group(place, room, timestamp))
            if self._history.reaches(timestamp):
                return frame, timestamp

    async def _group(self, place: Place, room: _Room, timestamp: int) -> Frame:
        text = self._snapshots.get(place)
        if text is None:
            changes = room.changes
            items = await self._streams.group(place.stream, place.group)
            text = _group_json(items, self._max_sync_bytes)
            if changes == room.changes and self._rooms.get(place) is room:
                self._snapshots.keep(place, text)
        if text == TOO_LARGE:
            raise GroupTooLarge(
                f"the group '{place.group}' of stream '{place.stream}' has more than {self._max_sync_bytes} bytes as "
                "JSON (streams.maxSyncBytes); follow its items, or spread them over groups"
            )
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
        if not is_event:
            self._snapshots.drop(place.whole)
            if group is not None:
                group.changes += 1
        for member in _audience(group, item, frame):
            try:
                member.deliver(frame)
            except Exception as error:  # the others have to hear of it
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "who follows a stream could not be told of a change", "exception": error}
                )

    def _stamp(self) -> int:
        """Microseconds since 1970, each greater than the one before, whatever the clock does."""
        self._last = max(int(self._clock.now() * 1_000_000), self._last + 1)
        return self._last


def _audience(group: _Room | None, item: _Room | None, frame: Frame) -> Iterable[Member]:
    """Who is told now; for who waits for what one of the two rooms holds, the frame is held back there."""
    if item is None or group is None:
        room = group or item
        return tuple(room.members) if room is not None else ()
    now = []
    for member in {**group.members, **item.members}:
        held = group.joining.get(member, item.joining.get(member))
        if held is None:
            now.append(member)
        else:
            held.append(frame)
    return now


def _item_json(data: bytes) -> bytes:
    item = decoded(data)
    if isinstance(item, dict):
        item.pop(_HIDDEN, None)
    return json_text(item)


def _event_json(data: bytes) -> bytes:
    return json_text(shallow(data))


def _group_json(items: Sequence[bytes], max_bytes: int) -> bytes:
    """The JSON of all items, or `TOO_LARGE` where that would be longer."""
    texts: list[bytes] = []
    size = 1
    for item in items:
        texts.append(_item_json(item))
        size += len(texts[-1]) + 1
        if size > max_bytes:
            return TOO_LARGE
    return b"[%b]" % b",".join(texts)
