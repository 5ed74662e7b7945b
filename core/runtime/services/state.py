"""State as handlers use it."""

from __future__ import annotations

import copy

from runtime.contracts import StateStore
from runtime.errors import HostCallRefused
from runtime.records import StateWrite
from runtime.services.updates import apply_updates
from runtime.values import NIL, decode, encode, encode_array


class StateService:
    """Checks bounds and keeps values encoded; every answer is an encoded value, empty for none."""

    def __init__(self, store: StateStore, max_value_bytes: int) -> None:
        self._store = store
        self._max_value_bytes = max_value_bytes

    def over(self, store: StateStore) -> StateService:
        """The same service with another store."""
        other = copy.copy(self)
        other._store = store
        return other

    async def get(self, group: str, key: str) -> bytes:
        """The value, empty when absent."""
        return await self._store.get(group, key) or b""

    async def set(self, group: str, key: str, value: bytes) -> None:
        """Stores the value. Raises `HostCallRefused` over the size limit."""
        self._check(group, key, value)
        kept = value or NIL
        await self._store.write(StateWrite(group, key, lambda _: kept))

    async def delete(self, group: str, key: str) -> bytes:
        """Removes the value and returns it, empty when absent."""
        return (await self._store.write(StateWrite(group, key, _gone))).before or b""

    async def values(self, group: str) -> bytes:
        """An array of the group's values in insertion order."""
        return encode_array(await self._store.values(group))

    async def keys(self, group: str) -> bytes:
        """An array of the group's keys in insertion order."""
        return encode(list(await self._store.keys(group)))

    async def clear(self, group: str) -> None:
        """Removes the group."""
        await self._store.clear(group)

    async def update(self, group: str, key: str, operations: bytes) -> bytes:
        """Applies the operations with nothing in between and returns the new value."""
        wanted = decode(operations)

        def change(value: bytes | None) -> bytes:
            changed = _encode_updated(apply_updates(decode(value or b""), wanted))
            self._check(group, key, changed)
            return changed

        return (await self._store.write(StateWrite(group, key, change))).after or b""

    def _check(self, group: str, key: str, value: bytes) -> None:
        if len(value) > self._max_value_bytes:
            raise HostCallRefused(
                f"the value for '{group}' / '{key}' has {len(value)} bytes, over the limit of "
                f"{self._max_value_bytes} (state.maxValueBytes)"
            )


def _gone(before: bytes | None) -> None:
    """The change that leaves no value."""


def _encode_updated(value: object) -> bytes:
    try:
        return encode(value)
    except OverflowError as error:
        raise HostCallRefused("the update makes an integer that 64 bits cannot hold") from error
