"""The stores as one run of an atomic step sees them: what it has written over what is stored."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from runtime.contracts import Clock, StateStore, StreamStore
from runtime.errors import VersionConflict
from runtime.records import Entry, Group, StateClear, StateWrite, StreamWrite, Written
from runtime.services.journal import Journal
from runtime.values import decode

_OWN_VERSIONS = 2**52
"""From here on a run numbers what it has written itself; stored versions are microseconds, and less until 2112."""
_GroupName = str | tuple[str, str]
"""A group of state, or a stream and a group of its items."""


class HeldState:
    """A state store with the run's writes over the stored values.

    A value that the run has written has a version of the run's, which ends with it.
    """

    def __init__(self, store: StateStore, clock: Clock, journal: Journal) -> None:
        self._store = store
        self._groups = _Groups(clock, journal)

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        known = self._groups.of(group).knows(key)
        stored = None if known else await self._store.get(group, key)
        found = self._groups.of(group).entry(key, None if stored is None else Entry(stored, 0))
        return None if found is None else found.value

    async def entry(self, group: str, key: str) -> Entry | None:
        """The value with its version, or None."""
        known = self._groups.of(group).knows(key)
        stored = None if known else await self._store.entry(group, key)
        return self._groups.of(group).entry(key, stored)

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values, new ones at the end."""
        if self._groups.of(group) is _UNTOUCHED:
            return await self._store.values(group)
        stored = await self._stored(group)
        return tuple(self._groups.of(group).merge(stored).values())

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys, new ones at the end."""
        stored = await self._store.keys(group)
        return tuple(self._groups.of(group).merge(dict.fromkeys(stored, b"")))

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """The stored ones: no handler can ask for them."""
        return await self._store.groups(limit, after)

    async def write(self, write: StateWrite) -> Written:
        """Changes what the run sees of a value, and holds the write. Raises `VersionConflict`."""
        known = self._groups.of(write.group).knows(write.key)
        stored = None if known else await self._store.entry(write.group, write.key)
        return self._groups.write(write.group, write.key, write, stored)

    async def clear(self, clear: StateClear) -> None:
        """Empties a group for the run, and holds the write."""
        self._groups.clear(clear)

    def ending(self) -> float | None:
        """Of what is stored: what the run has written ends when it is committed."""
        return self._store.ending()

    async def ended(self, limit: int) -> Sequence[tuple[str, str]]:
        """Of what is stored."""
        return await self._store.ended(limit)

    async def _stored(self, group: str) -> Mapping[str, bytes]:
        """The stored values by key. Two reads tell of them; when the group changes between, each is read alone."""
        keys = await self._store.keys(group)
        values = await self._store.values(group)
        if len(keys) == len(values) and await self._store.keys(group) == keys:
            return dict(zip(keys, values, strict=True))
        found = [(key, await self._store.get(group, key)) for key in keys]
        return {key: value for key, value in found if value is not None}


class HeldStreams:
    """A stream store with the run's writes over the stored items."""

    def __init__(self, store: StreamStore, clock: Clock, journal: Journal) -> None:
        self._store = store
        self._groups = _Groups(clock, journal)

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        found = self._groups.of((stream, group)).entry(id, await self._stored(stream, group, id))
        return None if found is None else found.value

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items, new ones at the end."""
        stored = await self._store.items(stream, group)
        touched = self._groups.of((stream, group))
        if touched is _UNTOUCHED:
            return stored
        return tuple(touched.merge({decode(item)["id"]: item for item in stored}).values())

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """Of what is stored: no handler can ask for it."""
        return await self._store.was_deleted(stream, group, id)

    async def write(self, write: StreamWrite) -> Written:
        """Changes what the run sees of an item, and holds the write."""
        stored = await self._stored(write.stream, write.group, write.id)
        return self._groups.write((write.stream, write.group), write.id, write, stored)

    async def _stored(self, stream: str, group: str, id: str) -> Entry | None:
        """What is stored, where that matters."""
        if self._groups.of((stream, group)).knows(id):
            return None
        item = await self._store.get(stream, group, id)
        return None if item is None else Entry(item, 0)


class _Group:
    """What a run has made of one group; nothing at first."""

    __slots__ = ("_cleared", "_ends", "_entries", "_gone")

    def __init__(self, cleared: bool = False) -> None:
        self._cleared = cleared
        self._entries: dict[str, Entry] = {}
        self._ends: dict[str, float] = {}
        self._gone: set[str] = set()

    def knows(self, key: str) -> bool:
        """True when it does not matter what is stored."""
        return self._cleared or key in self._entries or key in self._gone

    def entry(self, key: str, stored: Entry | None) -> Entry | None:
        """The value as the run sees it, with the stored one where the run has not touched it."""
        return self._entries.get(key) if self.knows(key) else stored

    def put(self, key: str, entry: Entry | None, until: float | None) -> None:
        """Replaces the value; `until` as in `StateWrite`."""
        if entry is None:
            self._entries.pop(key, None)
            self._gone.add(key)
            until = 0.0
        else:
            self._entries[key] = entry
        if until is not None:
            self._ends[key] = until

    def end_of(self, key: str) -> float:
        """When a value ends by itself that the run has written, 0 for never."""
        return self._ends.get(key, 0.0)

    def end(self, clock: Clock) -> None:
        """Removes the values whose time is over."""
        if self._ends:
            now = clock.now()
            for key in [key for key, until in self._ends.items() if 0 < until <= now]:
                self.put(key, None, None)

    def merge(self, stored: Mapping[str, bytes]) -> dict[str, bytes]:
        """The group as the run sees it: what was replaced is in its place, what is new (again) at the end."""
        own = {key: entry.value for key, entry in self._entries.items()}
        if self._cleared:
            return own
        merged = {key: own.get(key, value) for key, value in stored.items() if key not in self._gone}
        for key, value in own.items():
            merged.setdefault(key, value)
        return merged


_UNTOUCHED = _Group()


class _Groups:
    """The groups of one store that a run has changed."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._touched: dict[_GroupName, _Group] = {}
        self._versions = itertools.count(_OWN_VERSIONS)

    def of(self, name: _GroupName) -> _Group:
        """The group, to be read only. Raises `HostCallRefused` when the run has ended."""
        self._journal.require_open()
        group = self._touched.get(name, _UNTOUCHED)
        group.end(self._clock)
        return group

    def write(self, name: _GroupName, key: str, write: StateWrite | StreamWrite, stored: Entry | None) -> Written:
        """Applies a write and holds it; when it is refused, nothing has changed."""
        group = self.of(name)
        found = group.entry(key, stored)
        if isinstance(write, StateWrite):
            _check_version(write, found)
        before = None if found is None else found.value
        after = write.change(before)
        idle = _is_idle(write, before, after)
        held = write if idle or isinstance(write, StreamWrite) else _as_own(write, group)
        self._journal.add(held, _names(write) + len(after or b""))
        if not idle:
            entry = None if after is None else Entry(after, next(self._versions))
            until = held.until if isinstance(held, StateWrite) else None
            self._touched.setdefault(name, _Group()).put(key, entry, until)
        return Written(before, after)

    def clear(self, clear: StateClear) -> None:
        """Empties a group."""
        self._journal.add(clear, _names(clear))
        self._touched[clear.group] = _Group(cleared=True)


def _check_version(write: StateWrite, found: Entry | None) -> None:
    version = 0 if found is None else found.version
    if write.if_version is not None and version != write.if_version:
        raise VersionConflict.of(write.group, write.key, write.if_version, version)


def _as_own(write: StateWrite, group: _Group) -> StateWrite:
    """The write as the commit is to do it, where the run has written the value before.

    Its version was the run's own and is not looked at again. The end that the run has set is said again: at the commit
    it may have passed, and what is written then would be a new value without an end.
    """
    if not group.knows(write.key):
        return write
    end = group.end_of(write.key)
    return write._replace(if_version=None, until=end if write.until is None and end else write.until)


def _is_idle(write: StateWrite | StreamWrite, before: bytes | None, after: bytes | None) -> bool:
    """True for a write that leaves a value as it is, so that the run goes on seeing what is stored."""
    sets_end = isinstance(write, StateWrite) and write.until is not None
    return after is not None and after is before and not sets_end


def _names(write: StateWrite | StreamWrite | StateClear) -> int:
    return sum(len(part) for part in write if isinstance(part, str))
