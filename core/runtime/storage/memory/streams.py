"""Stream items in memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.records import Group, StreamWrite, Written
from runtime.storage.callbacks import call_each
from runtime.storage.memory.state import name_order
from runtime.storage.writes import PRUNED_ITEMS, is_change

_Name = tuple[str, str, str]


class Item(NamedTuple):
    """An item as it is stored; `place` is its number in the insertion order."""

    data: bytes
    place: int


class MemoryStreamStore:
    """Items by (stream, group) as dictionaries, which keep insertion order."""

    def __init__(self, clock: Clock, settings: StreamSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._groups: dict[tuple[str, str], dict[str, Item]] = {}
        self._places = itertools.count()
        self._deleted: dict[_Name, float] = {}
        """When items were deleted, in that order."""

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        item = self.item(stream, group, id)
        return None if item is None else item.data

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        return [item.data for item in self._groups.get((stream, group), {}).values()]

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups, in the order of their names; those that are no valid Unicode come last."""
        names = sorted((group for of, group in self._groups if of == stream), key=name_order)
        behind = (name for name in names if after is None or name_order(name) > name_order(after))
        return [Group(name, len(self._groups[stream, name])) for name in islice(behind, limit)]

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """True for an item that is not there but was, not longer ago than `streams.keepDeleted`."""
        deleted = self._deleted.get((stream, group, id))
        gone = self.item(stream, group, id) is None
        return gone and deleted is not None and self._clock.now() < deleted + self._settings.keep_deleted

    def settle(self) -> None:
        """Nothing is written that could still fail."""

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item."""
        written = self.apply(write)
        self.stored(write, written)
        told = write.told
        if told is not None and is_change(write, written):
            call_each([lambda: told(written)])
        return written

    def apply(self, write: StreamWrite) -> Written:
        """Changes one item at once; an empty group leaves nothing behind."""
        item = self.item(write.stream, write.group, write.id)
        before = None if item is None else item.data
        written = Written(before, write.change(before))
        if written.after is not None:
            place = next(self._places) if item is None else item.place
            self._groups.setdefault((write.stream, write.group), {})[write.id] = Item(written.after, place)
        elif item is not None:
            self._remove(write.stream, write.group, write.id)
        return written

    def stored(self, write: StreamWrite, written: Written) -> None:
        """Hears that a write will not be undone: a deleted item is remembered from now on."""
        if written.after is not None or written.before is None:
            return
        name, now = (write.stream, write.group, write.id), self._clock.now()
        self._deleted.pop(name, None)
        self._deleted[name] = now
        for old in list(itertools.islice(self._deleted, PRUNED_ITEMS)):
            too_many = len(self._deleted) > self._settings.max_deleted
            if too_many or self._deleted[old] + self._settings.keep_deleted <= now:
                del self._deleted[old]

    def item(self, stream: str, group: str, id: str) -> Item | None:
        """An item as it is stored."""
        return self._groups.get((stream, group), {}).get(id)

    def put_back(self, stream: str, group: str, id: str, item: Item | None) -> bool:
        """Undoes the last change of an item; True when the group has to be brought back to its order then."""
        there = self.item(stream, group, id)
        if item is None:
            if there is not None:
                self._remove(stream, group, id)
            return False
        self._groups.setdefault((stream, group), {})[id] = item
        return there is None or there.place != item.place

    def order(self, stream: str, group: str) -> None:
        """Brings a group to its order."""
        items = self._groups.get((stream, group))
        if items is not None:
            self._groups[stream, group] = dict(sorted(items.items(), key=lambda one: one[1].place))

    def _remove(self, stream: str, group: str, id: str) -> None:
        items = self._groups[stream, group]
        del items[id]
        if not items:
            del self._groups[stream, group]
