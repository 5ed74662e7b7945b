"""State in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class MemoryStateStore:
    """Groups of values as dictionaries, which keep insertion order."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, bytes]] = {}

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        return self._groups.get(group, {}).get(key)

    async def set(self, group: str, key: str, value: bytes) -> None:
        """Stores the value; a new key goes to the end."""
        self._groups.setdefault(group, {})[key] = value

    async def delete(self, group: str, key: str) -> bytes | None:
        """Removes and returns the value, or None; an empty group leaves nothing behind."""
        values = self._groups.get(group)
        if values is None:
            return None
        value = values.pop(key, None)
        if not values:
            del self._groups[group]
        return value

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        return tuple(self._groups.get(group, {}).values())

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        return tuple(self._groups.get(group, {}))

    async def clear(self, group: str) -> None:
        """Removes the whole group."""
        self._groups.pop(group, None)

    async def modify(self, group: str, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replaces the value by what `change` makes of it."""
        value = change(self._groups.get(group, {}).get(key))
        self._groups.setdefault(group, {})[key] = value
        return value
