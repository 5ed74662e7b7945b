"""State as handlers use it."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from runtime.contracts import Clock, Engine, StateStore
from runtime.errors import HostCallRefused
from runtime.records import Entry, Group, StateClear, StateWrite, Written
from runtime.services.changes import ChangeService
from runtime.services.updates import NOTHING, apply_updates, encode_updated
from runtime.values import NIL, decode, encode, encode_array

_OPTIONS = ("ttl", "ifVersion")
_MAX_TTL = 100 * 366 * 24 * 3600
_ENTRY, _VALUE, _VERSION = b"\x82", encode("value"), encode("version")
"""The head of a MessagePack map of two entries, and their keys."""
Expect = Callable[[float], None]
"""Hears of a Unix time at which a value may end."""


class StateService:
    """Checks bounds and keeps values encoded; every answer is an encoded value, empty for none.

    A write that a step watches is stored together with the event for that step. An empty trace id begins a trace.
    Every write raises `StorageFault` when it cannot be stored, and `HostCallRefused` when a queue of those who watch
    is full.
    """

    def __init__(
        self,
        engine: Engine,
        changes: ChangeService,
        clock: Clock,
        max_value_bytes: int,
        expect: Expect = lambda until: None,
    ) -> None:
        self._engine: Engine | None = engine
        self._store = engine.state
        self._changes = changes
        self._clock = clock
        self._max_value_bytes = max_value_bytes
        self._expect = expect

    def over(self, store: StateStore) -> StateService:
        """The same service with another store, which is also given what follows a write."""
        other = copy.copy(self)
        other._store = store
        other._engine = None
        return other

    async def get(self, group: str, key: str) -> bytes:
        """The value, empty when absent."""
        return await self._store.get(group, key) or b""

    async def entry(self, group: str, key: str) -> bytes:
        """A map of the value and its version, empty when absent."""
        found = await self.find(group, key)
        if found is None:
            return b""
        return b"".join((_ENTRY, _VALUE, found.value or NIL, _VERSION, encode(found.version)))

    def set(self, group: str, key: str, value: bytes, trace: str, options: Mapping[str, Any]) -> Awaitable[Written]:
        """Stores the value, to be awaited; without a `ttl` among the options it stays.

        Raises `HostCallRefused` over the size limit and for a bad option, `VersionConflict` when the value has not
        the version that the option `ifVersion` names. It is no coroutine, which would cost as much as its work.
        """
        if len(value) > self._max_value_bytes:
            raise self._too_large(group, key, value)
        until, if_version = self._read(options) if options else (0.0, None)
        kept = value or NIL
        follow = self._changes.of_state(group, key, trace)
        write = StateWrite(group, key, lambda _: kept, until, if_version, follow)
        return self._write_ending(write, until) if until else self._write(write)

    async def delete(self, group: str, key: str, trace: str) -> bytes:
        """Removes the value and returns it, empty when absent."""
        follow = self._changes.of_state(group, key, trace)
        return (await self._write(StateWrite(group, key, _gone, follow=follow))).before or b""

    async def values(self, group: str) -> bytes:
        """An array of the group's values in insertion order."""
        return encode_array(await self._store.values(group))

    async def keys(self, group: str) -> bytes:
        """An array of the group's keys in insertion order."""
        return encode(list(await self._store.keys(group)))

    async def find(self, group: str, key: str) -> Entry | None:
        """The value and its version as they are stored, None when absent."""
        return await self._store.entry(group, key)

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups that are not empty, in the order of their names, those behind `after`."""
        return await self._store.groups(limit, after)

    async def clear(self, group: str, trace: str) -> None:
        """Removes the group."""
        clear = StateClear(group, self._changes.of_group(group, trace))
        if clear.follow is None or self._engine is None:
            await self._store.clear(clear)
        else:
            await self._engine.commit([clear])

    async def update(self, group: str, key: str, operations: bytes, trace: str) -> bytes:
        """Applies the operations with nothing in between and returns the new value, empty when it is removed.

        Operations that leave the value as it is are no change of it. Raises `HostCallRefused` when one does not fit.
        """
        wanted = decode(operations)
        where = f"state '{group}' / '{key}'"

        def change(value: bytes | None) -> bytes | None:
            updated = apply_updates(NOTHING if value is None else decode(value), wanted, where)
            if updated is NOTHING:
                return None
            changed = encode_updated(updated)
            if len(changed) > self._max_value_bytes:
                raise self._too_large(group, key, changed)
            return value if changed == value else changed

        follow = self._changes.of_state(group, key, trace)
        return (await self._write(StateWrite(group, key, change, follow=follow))).after or b""

    def _write(self, write: StateWrite) -> Awaitable[Written]:
        if write.follow is None or self._engine is None:
            return self._store.write(write)
        return self._commit(self._engine, write)

    async def _commit(self, engine: Engine, write: StateWrite) -> Written:
        (written,) = await engine.commit([write])
        return written

    async def _write_ending(self, write: StateWrite, until: float) -> Written:
        try:
            return await self._write(write)
        finally:  # also for who stops waiting: what was written is stored all the same
            self._expect(until)

    def _too_large(self, group: str, key: str, value: bytes) -> HostCallRefused:
        return HostCallRefused(
            f"the value for '{group}' / '{key}' has {len(value)} bytes, over the limit of "
            f"{self._max_value_bytes} (state.maxValueBytes)"
        )

    def _read(self, options: Mapping[str, Any]) -> tuple[float, int | None]:
        """Until when the value stays, 0 for always, and the version that it must have, None for any."""
        for name in options:
            if name not in _OPTIONS:
                raise HostCallRefused(f"'{name}' is no option of set; known are {', '.join(_OPTIONS)}")
        ttl, version = options.get("ttl"), options.get("ifVersion")
        if version is not None and (type(version) is not int or version < 0):
            raise HostCallRefused(
                f"ifVersion is {version!r}; it is a version that getEntry gave, or 0 for no value there"
            )
        if ttl is None:
            return 0.0, version
        if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not 0 < ttl <= _MAX_TTL:
            raise HostCallRefused(f"ttl is {ttl!r}; it is a number of seconds over 0, at most {_MAX_TTL}")
        return self._clock.now() + ttl, version


def _gone(before: bytes | None) -> None:
    """The change that leaves no value."""
