"""State in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from runtime.contracts import Clock
from runtime.records import Entry, Follow, Group, StateClear, StateWrite, Written
from runtime.storage.memory.ends import Ends
from runtime.storage.writes import check_version, is_change


class _Kept(NamedTuple):
    value: bytes
    version: int
    until: float


class MemoryStateStore:
    """Groups of values as dictionaries, which keep insertion order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._groups: dict[str, dict[str, _Kept]] = {}
        self._ends = Ends()
        self._version = 0

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        kept = self._find(group, key)
        return None if kept is None else kept.value

    async def entry(self, group: str, key: str) -> Entry | None:
        """The value with its version, or None."""
        kept = self._find(group, key)
        return None if kept is None else Entry(kept.value, kept.version)

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        return [kept.value for _, kept in self._present(group)]

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        return [key for key, _ in self._present(group)]

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups, in the order of their names; those that are no valid Unicode come last."""
        names = sorted(self._groups, key=_order)
        behind = (name for name in names if after is None or _order(name) > _order(after))
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
            self._store(write, written.after, kept.until if kept is not None else 0.0)
        return written

    def _store(self, write: StateWrite, value: bytes | None, until: float) -> None:
        if value is None:
            self._remove(write.group, write.key)
            return
        until = until if write.until is None else write.until
        self._version = max(self._version + 1, int(self._clock.now() * 1e6))
        self._groups.setdefault(write.group, {})[write.key] = _Kept(value, self._version, until)
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

    def snapshot(self, group: str) -> Callable[[], None]:
        """What brings the group back to what it is now."""
        values = self._groups.get(group, {}).copy()

        def restore() -> None:
            self.forget(group)
            if values:
                self._groups[group] = values
            for key, kept in values.items():
                self._ends.put((group, key), kept.until)

        return restore

    def _find(self, group: str, key: str) -> _Kept | None:
        kept = self._groups.get(group, {}).get(key)
        return None if kept is None or self._is_over(kept) else kept

    def _present(self, group: str) -> Iterator[tuple[str, _Kept]]:
        return ((key, kept) for key, kept in self._groups.get(group, {}).items() if not self._is_over(kept))

    def _is_over(self, kept: _Kept) -> bool:
        return kept.until > 0 and kept.until <= self._clock.now()


def _order(name: str) -> tuple[bool, bytes]:
    """The order that databases have: first the names that are valid Unicode."""
    encoded = name.encode("utf-8", "surrogatepass")
    return encoded.decode("utf-8", "ignore") != name, encoded
