"""State in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.records import StateWrite, Written


class MemoryStateStore:
    """Groups of values as dictionaries, which keep insertion order."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, bytes]] = {}

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        return self._groups.get(group, {}).get(key)

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        return tuple(self._groups.get(group, {}).values())

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        return tuple(self._groups.get(group, {}))

    async def write(self, write: StateWrite) -> Written:
        """Changes one value."""
        return self.apply(write)

    async def clear(self, group: str) -> None:
        """Removes the whole group."""
        self.forget(group)

    def apply(self, write: StateWrite) -> Written:
        """Changes one value at once; an empty group leaves nothing behind."""
        values = self._groups.get(write.group, {})
        before = values.get(write.key)
        after = write.change(before)
        if after is not None:
            values[write.key] = after
            self._groups[write.group] = values
        elif before is not None:
            del values[write.key]
            if not values:
                del self._groups[write.group]
        return Written(before, after)

    def forget(self, group: str) -> None:
        """Removes a group at once."""
        self._groups.pop(group, None)

    def snapshot(self, group: str) -> Callable[[], None]:
        """What brings the group back to what it is now."""
        values = self._groups.get(group, {}).copy()

        def restore() -> None:
            self.forget(group)
            if values:
                self._groups[group] = values

        return restore
