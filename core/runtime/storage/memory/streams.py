"""Stream items in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class MemoryStreamStore:
    """Items by (stream, group) as dictionaries, which keep insertion order."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], dict[str, bytes]] = {}

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        return self._groups.get((stream, group), {}).get(id)

    async def modify(
        self, stream: str, group: str, id: str, change: Callable[[bytes | None], bytes]
    ) -> tuple[bytes, bool]:
        """Replaces the item by what `change` makes of it."""
        before = self._groups.get((stream, group), {}).get(id)
        item = change(before)
        self._groups.setdefault((stream, group), {})[id] = item
        return item, before is None

    async def delete(self, stream: str, group: str, id: str) -> bytes | None:
        """Removes and returns the item, or None; an empty group leaves nothing behind."""
        items = self._groups.get((stream, group))
        if items is None:
            return None
        item = items.pop(id, None)
        if not items:
            del self._groups[(stream, group)]
        return item

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        return tuple(self._groups.get((stream, group), {}).values())
