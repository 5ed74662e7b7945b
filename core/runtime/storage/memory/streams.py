"""Stream items in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.records import StreamWrite, Written


class MemoryStreamStore:
    """Items by (stream, group) as dictionaries, which keep insertion order."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], dict[str, bytes]] = {}

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        return self._groups.get((stream, group), {}).get(id)

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        return tuple(self._groups.get((stream, group), {}).values())

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item."""
        return self.apply(write)

    def apply(self, write: StreamWrite) -> Written:
        """Changes one item at once; an empty group leaves nothing behind."""
        place = write.stream, write.group
        items = self._groups.get(place, {})
        before = items.get(write.id)
        after = write.change(before)
        if after is not None:
            items[write.id] = after
            self._groups[place] = items
        elif before is not None:
            del items[write.id]
            if not items:
                del self._groups[place]
        return Written(before, after)

    def snapshot(self, stream: str, group: str) -> Callable[[], None]:
        """What brings the stream's group back to what it is now."""
        items = self._groups.get((stream, group), {}).copy()

        def restore() -> None:
            self._groups.pop((stream, group), None)
            if items:
                self._groups[stream, group] = items

        return restore
