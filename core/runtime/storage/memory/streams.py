"""Stream items in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from runtime.contracts import Clock
from runtime.records import StreamWrite, Written
from runtime.storage.writes import DELETED_SECONDS, PRUNED_ITEMS, is_change

_Place = tuple[str, str, str]


class MemoryStreamStore:
    """Items by (stream, group) as dictionaries, which keep insertion order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._groups: dict[tuple[str, str], dict[str, bytes]] = {}
        self._deleted: dict[_Place, float] = {}
        """When items were deleted, in that order."""

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        return self._groups.get((stream, group), {}).get(id)

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        return tuple(self._groups.get((stream, group), {}).values())

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """True for an item that is not there but was, at most a day ago."""
        deleted = self._deleted.get((stream, group, id))
        gone = id not in self._groups.get((stream, group), {})
        return gone and deleted is not None and self._clock.now() < deleted + DELETED_SECONDS

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item."""
        written = self.apply(write)
        if write.told is not None and is_change(write, written):
            write.told(written)
        return written

    def apply(self, write: StreamWrite) -> Written:
        """Changes one item at once; an empty group leaves nothing behind."""
        place = write.stream, write.group
        items = self._groups.get(place, {})
        before = items.get(write.id)
        written = Written(before, write.change(before))
        if written.after is not None:
            items[write.id] = written.after
            self._groups[place] = items
        elif before is not None:
            del items[write.id]
            if not items:
                del self._groups[place]
            self._remember((write.stream, write.group, write.id))
        return written

    def snapshot(self, stream: str, group: str) -> Callable[[], None]:
        """What brings the stream's group back to what it is now."""
        items = self._groups.get((stream, group), {}).copy()

        def restore() -> None:
            self._groups.pop((stream, group), None)
            if items:
                self._groups[stream, group] = items

        return restore

    def _remember(self, place: _Place) -> None:
        now = self._clock.now()
        for old in list(islice(self._deleted, PRUNED_ITEMS)):
            if self._deleted[old] + DELETED_SECONDS <= now:
                del self._deleted[old]
        self._deleted.pop(place, None)
        self._deleted[place] = now
