"""State in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from runtime.contracts import Clock
from runtime.records import Entry, Follow, Group, StateClear, StateWrite, Written
from runtime.storage.memory.ends import Ends
from runtime.storage.writes import check_version, is_change


class Kept(NamedTuple):
    """A value as it is stored; `place` is the version that its key began with, which makes it the insertion order."""

    value: bytes
    version: int
    until: float
    place: int


class MemoryStateStore:
    """Groups of values as dictionaries, which keep insertion order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._groups: dict[str, dict[str, Kept]] = {}
        self._ends = Ends()
        self._version = 0

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        kept = self._find(group, key)
        return None if kept is None else kept.value

    async def entry(self, group: str, key: str) -> Entry | None:
        """The value with its version, or None."""
        kept = self._find(group, key)
        return None if kept is None else Entry(kept.value, kept.version, kept.until)

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        return [kept.value for _, kept in self._present(group)]

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        return [key for key, _ in self._present(group)]

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups, in the order of their names; those that are no valid Unicode come last."""
        names = sorted(self._groups, key=name_order)
        behind = (name for name in names if after is None or name_order(name) > name_order(after))
        counted = (Group(name, sum(1 for _ in self._present(name))) for name in behind)
        return [group for group in counted if group.keys][:limit]

    async def write(self, write: StateWrite) -> Written:
        """Changes one value."""
        return self.apply(write)

    async def clear(self, clear: StateClear) -> None:
        """Removes the whole group."""
        self.forget(clear.group)

    def ending(self) -> float | None:
        """The Unix time at which the next value ends."""
        return self._ends.next()

    async def ended(self, limit: int) -> Sequence[tuple[str, str]]:
        """At most so many values whose time is over, the first of them first."""
        return self._ends.before(self._clock.now(), limit)

    def apply(self, write: StateWrite, removed: Callable[[Written], None] | None = None) -> Written:
        """Changes one value at once; `removed` hears of the value that was there, when its time was over."""
        kept = self._groups.get(write.group, {}).get(write.key)
        over = kept if kept is not None and self._is_over(kept) else None
        if over is not None:
            kept = None
        check_version(write, kept.version if kept is not None else 0)
        before = kept.value if kept is not None else None
        written = Written(before, write.change(before))
        if over is not None:
            self._remove(write.group, write.key)
            if removed is not None:
                removed(Written(over.value))
        if is_change(write, written):
            self._store(write, written.after, kept)
        return written

    def _store(self, write: StateWrite, value: bytes | None, kept: Kept | None) -> None:
        if value is None:
            self._remove(write.group, write.key)
            return
        self._version = version = max(self._version + 1, int(self._clock.now() * 1e6))
        until, place = (write.until_if_new, version) if kept is None else (kept.until, kept.place)
        until = until if write.until is None else write.until
        self._groups.setdefault(write.group, {})[write.key] = Kept(value, version, until, place)
        self._ends.put((write.group, write.key), until)

    def _remove(self, group: str, key: str) -> None:
        """Removes a value; an empty group leaves nothing behind."""
        values = self._groups[group]
        del values[key]
        if not values:
            del self._groups[group]
        self._ends.put((group, key), 0.0)

    def forget(self, group: str) -> None:
        """Removes a group at once."""
        for key in self._groups.pop(group, {}):
            self._ends.put((group, key), 0.0)

    def remove_each(self, clear: StateClear, removed: Callable[[Follow, Written], None]) -> None:
        """Removes a group at once; `removed` hears of each value that something follows."""
        if clear.follow is not None:
            for key, kept in self._groups.get(clear.group, {}).items():
                follow = clear.follow(key)
                if follow is not None:
                    removed(follow, Written(kept.value))
        self.forget(clear.group)

    def kept(self, group: str, key: str) -> Kept | None:
        """A value as it is stored, also when its time is over."""
        return self._groups.get(group, {}).get(key)

    def put_back(self, group: str, key: str, kept: Kept | None) -> bool:
        """Undoes the last change of a value; True when the group has to be brought back to its order then."""
        there = self.kept(group, key)
        if kept is None:
            if there is not None:
                self._remove(group, key)
            return False
        self._groups.setdefault(group, {})[key] = kept
        self._ends.put((group, key), kept.until)
        return there is None or there.place != kept.place

    def order(self, group: str) -> None:
        """Brings a group to its order."""
        values = self._groups.get(group)
        if values is not None:
            self._groups[group] = dict(sorted(values.items(), key=lambda item: item[1].place))

    def all(self, group: str) -> Mapping[str, Kept]:
        """The group as it is stored; what is forgotten then stays in this mapping."""
        return self._groups.get(group, {})

    def put_all_back(self, group: str, values: Mapping[str, Kept]) -> None:
        """Undoes the removal of a group."""
        for key, kept in values.items():
            self.put_back(group, key, kept)

    def _find(self, group: str, key: str) -> Kept | None:
        kept = self._groups.get(group, {}).get(key)
        return None if kept is None or self._is_over(kept) else kept

    def _present(self, group: str) -> Iterator[tuple[str, Kept]]:
        return ((key, kept) for key, kept in self._groups.get(group, {}).items() if not self._is_over(kept))

    def _is_over(self, kept: Kept) -> bool:
        return kept.until > 0 and kept.until <= self._clock.now()


def name_order(name: str) -> tuple[bool, bytes]:
    """The order that databases have: first the names that are valid Unicode."""
    encoded = name.encode("utf-8", "surrogatepass")
    return encoded.decode("utf-8", "ignore") != name, encoded
