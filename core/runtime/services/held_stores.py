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
_NONE_SEEN: Mapping[str, int] = {}
_GroupName = str | tuple[str, str]
"""A group of state, or a stream and a group of its items."""


class HeldState:
    """A state store with the run's writes over the stored values.

    A value that the run has written has a version of the run's, which ends with it. Who writes it under the condition
    of such a version means also the stored value that it stands on: the commit refuses when that was replaced.
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
        group = self._groups.of(write.group)
        # Of a group that the run has emptied nothing was read yet, and what the run stands on is what there is now.
        is_read = not group.knows(write.key) or (write.if_version is not None and write.key not in group.seen)
        stored = await self._store.entry(write.group, write.key) if is_read else None
        return self._groups.write_state(write, stored, is_read)

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

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        """Of what is stored: no handler can ask for them."""
        return await self._store.groups(stream, limit, after)

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """Of what is stored: no handler can ask for it."""
        return await self._store.was_deleted(stream, group, id)

    def settle(self) -> None:
        """Of what is stored."""
        self._store.settle()

    async def write(self, write: StreamWrite) -> Written:
        """Changes what the run sees of an item, and holds the write."""
        stored = await self._stored(write.stream, write.group, write.id)
        return self._groups.write_item(write, stored)

    async def _stored(self, stream: str, group: str, id: str) -> Entry | None:
        """What is stored, where that matters."""
        if self._groups.of((stream, group)).knows(id):
            return None
        item = await self._store.get(stream, group, id)
        return None if item is None else Entry(item, 0)


class _Group:
    """What a run has made of one group; nothing at first."""

    __slots__ = ("_cleared", "_ends", "_entries", "_gone", "seen")

    def __init__(self, cleared: bool = False, seen: Mapping[str, int] = _NONE_SEEN) -> None:
        self.seen = dict(seen)
        """Of keys that the run has changed the version that was stored before, 0 for no value."""
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

    def saw(self, key: str, version: int | None) -> None:
        """Notes the stored version under the first change of a value, where it is known."""
        if version is not None:
            self.seen.setdefault(key, version)

    def put(self, key: str, entry: Entry | None, until: float) -> None:
        """Replaces the value, which ends at `until`, 0 for never."""
        if entry is None:
            self._entries.pop(key, None)
            self._gone.add(key)
        else:
            self._entries[key] = entry
        if entry is None or not until:
            self._ends.pop(key, None)
        else:
            self._ends[key] = until

    def end_of(self, key: str) -> float:
        """When a value that the run has written ends by itself, 0 for never."""
        return self._ends.get(key, 0.0)

    def end(self, clock: Clock) -> None:
        """Removes the values whose time is over."""
        if self._ends:
            now = clock.now()
            for key in [key for key, until in self._ends.items() if until <= now]:
                self.put(key, None, 0.0)

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

    def write_state(self, write: StateWrite, stored: Entry | None, is_read: bool) -> Written:
        """Applies a write and holds it; when it is refused, nothing has changed.

        `stored` is only known where it was read. Raises `VersionConflict`.
        """
        group, key = self.of(write.group), write.key
        found = group.entry(key, stored)
        _check_version(write, found)
        before = None if found is None else found.value
        after = write.change(before)
        held, pin, size = write, None, _names(write) + len(after or b"")
        if after is not None and after is before and write.until is None:
            self._journal.add(write, size)  # the run goes on seeing what is stored
            return Written(before, after)
        version = (0 if stored is None else stored.version) if is_read else None
        if write.if_version is not None and group.knows(key):
            # That was the run's own version; what the run stands on is compared in its place.
            pin = write._replace(change=_same, until=None, if_version=group.seen.get(key, version))
            held = write._replace(if_version=None)
        until = write.until
        if until is None:
            # Said again: at the commit that end may have passed, and what is written then would stay for ever.
            until = group.end_of(key) if found is None or group.knows(key) else found.until
            held = held._replace(until_if_new=until)
        self._journal.add(held, size, pin)
        group = self._of_own(write.group)
        group.saw(key, version)
        group.put(key, self._own(after), until)
        return Written(before, after)

    def write_item(self, write: StreamWrite, stored: Entry | None) -> Written:
        """The same for an item."""
        name = write.stream, write.group
        found = self.of(name).entry(write.id, stored)
        before = None if found is None else found.value
        after = write.change(before)
        self._journal.add(write, _names(write) + len(after or b""))
        if after is None or after is not before:
            self._of_own(name).put(write.id, self._own(after), 0.0)
        return Written(before, after)

    def _own(self, value: bytes | None) -> Entry | None:
        return None if value is None else Entry(value, next(self._versions))

    def _of_own(self, name: _GroupName) -> _Group:
        return self._touched.setdefault(name, _Group())

    def clear(self, clear: StateClear) -> None:
        """Empties a group."""
        self._journal.add(clear, _names(clear))
        seen = self._touched.get(clear.group, _UNTOUCHED).seen
        self._touched[clear.group] = _Group(cleared=True, seen=seen)


def _check_version(write: StateWrite, found: Entry | None) -> None:
    version = 0 if found is None else found.version
    if write.if_version is not None and version != write.if_version:
        raise VersionConflict.of(write.group, write.key, write.if_version, version)


def _same(value: bytes | None) -> bytes | None:
    """The change that leaves a value as it is."""
    return value


def _names(write: StateWrite | StreamWrite | StateClear) -> int:
    return sum(len(part) for part in write if isinstance(part, str))
