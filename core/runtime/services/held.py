"""The writes of one run of an atomic step, held until it returns and then committed as one.

A change is applied twice. At the call it makes what the handler sees: the value that was stored when the run first
touched the key, under all that the run has done since. At the commit it makes what is kept, of the value that is
stored then: increments of two runs at a time add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from runtime.contracts import Engine, StateStore, StreamStore
from runtime.errors import HostCallRefused
from runtime.records import Delivery, Publication, StateClear, StateWrite, StreamChange, StreamWrite, Write, Written
from runtime.services.bus import BusService
from runtime.services.state import StateService
from runtime.services.streams import Listener, StreamService, change_of
from runtime.values import decode

_ENDED = "the run has ended; an atomic step's writes end with it"
_GroupName = str | tuple[str, str]
"""A group of state, or a stream and a group of its items."""


Standing = Callable[[str, str], str | None]
"""Tells of a topic and an idempotency key which event stands for others now."""


class Services(NamedTuple):
    """What a handler's writes go through."""

    bus: BusService
    state: StateService
    streams: StreamService


class HeldWrites:
    """What one run of an atomic step has written: only the run sees it until the commit, in `state` and `streams`.

    It holds at most `max_held_writes` writes, and as many bytes of names, values and events as
    `max_held_bytes`; what a value was before it was replaced again counts too, because the commit writes it.
    """

    def __init__(
        self,
        state: StateStore,
        streams: StreamStore,
        standing: Standing,
        tell: Listener,
        max_held_writes: int,
        max_held_bytes: int,
    ) -> None:
        self._journal = _Journal(max_held_writes, max_held_bytes)
        self._standing = standing
        self._tell = tell
        self._over = False
        self._services: Services | None = None
        self._sent: dict[tuple[str, str], str] = {}
        self.state: StateStore = _HeldState(state, self._journal)
        self.streams: StreamStore = _HeldStreams(streams, self._journal)

    def bind(self, services: Services) -> Services:
        """The same services over this run's writes, made once. Raises `HostCallRefused` when the run has ended."""
        self._journal.require_open()
        if self._services is None:
            self._services = Services(
                services.bus.over(self),
                services.state.over(self.state),
                services.streams.over(self.streams, self.tell),
            )
        return self._services

    async def publish(self, publication: Publication) -> str:
        """Holds an event and returns its id, or that of the one which stands for it by its idempotency key."""
        event, _, key = publication
        self._journal.add(publication, len(event.topic) + len(event.data) + len(key))
        if not key:
            return event.id
        stands = self._sent.get((event.topic, key)) or self._standing(event.topic, key) or event.id
        return self._sent.setdefault((event.topic, key), stands)

    def tell(self, change: StreamChange) -> None:
        """Holds a passing event of a stream; what became of items is told by what the commit has made of them."""
        if change.operation == "event":
            self._journal.add(change, len(change.group) + len(change.id) + len(change.data))

    async def commit(self, engine: Engine, delivery: Delivery) -> None:
        """Ends the run, carries out its writes and the acknowledgement as one, and tells what became of streams.

        Raises what `Engine.commit` raises; nothing has happened then, and it may be called again. Raises
        `HostCallRefused` when the writes were committed or dropped before.
        """
        if self._over:
            raise HostCallRefused(_ENDED)
        entries = self._journal.close()
        writes = [entry for entry in entries if not isinstance(entry, StreamChange)]
        written = await engine.commit(writes, delivery)
        self.drop()
        for change in _changes(entries, written):
            self._tell(change)

    def drop(self) -> None:
        """Forgets the writes and refuses what the run still asks for; without effect once they are committed."""
        self._over = True
        self._journal.empty()
        self._services = None  # they refer to this object, and a circle would stay until the garbage collector comes


def _changes(entries: Iterable[Write | StreamChange], written: Iterable[Written]) -> Iterable[StreamChange]:
    """What listeners are told of committed entries, in order."""
    results = iter(written)
    for entry in entries:
        if isinstance(entry, StreamChange):
            yield entry
            continue
        result = next(results)
        change = change_of(entry, result) if isinstance(entry, StreamWrite) else None
        if change is not None:
            yield change


class _Journal:
    """The writes of a run in their order, with passing events of streams among them."""

    __slots__ = ("_bytes", "_entries", "_max_bytes", "_max_writes", "_open")

    def __init__(self, max_writes: int, max_bytes: int) -> None:
        self._entries: list[Write | StreamChange] = []
        self._bytes = 0
        self._open = True
        self._max_writes = max_writes
        self._max_bytes = max_bytes

    def require_open(self) -> None:
        """Raises `HostCallRefused` when the run has ended."""
        if not self._open:
            raise HostCallRefused(_ENDED)

    def add(self, entry: Write | StreamChange, size: int) -> None:
        """Holds a write. Raises `HostCallRefused` when there would be too many or too large ones."""
        self.require_open()
        if len(self._entries) >= self._max_writes:
            raise HostCallRefused(
                f"this run of an atomic step has made {self._max_writes} writes, which is the limit (bus.maxHeldWrites)"
            )
        if self._bytes + size > self._max_bytes:
            raise HostCallRefused(
                f"the writes of this run of an atomic step would hold {self._bytes + size} bytes, over the limit of "
                f"{self._max_bytes} (bus.maxHeldBytes)"
            )
        self._bytes += size
        self._entries.append(entry)

    def close(self) -> Sequence[Write | StreamChange]:
        """Takes no more and returns what is held."""
        self._open = False
        return self._entries

    def empty(self) -> None:
        """Takes no more and lets go of what is held."""
        self._open = False
        self._entries = []


class _Group:
    """What a run has made of one group; nothing at first."""

    __slots__ = ("_cleared", "_gone", "_values")

    def __init__(self, cleared: bool = False) -> None:
        self._cleared = cleared
        self._values: dict[str, bytes] = {}
        self._gone: set[str] = set()

    def knows(self, key: str) -> bool:
        """True when it does not matter what is stored."""
        return self._cleared or key in self._values or key in self._gone

    def get(self, key: str, stored: bytes | None) -> bytes | None:
        """The value as the run sees it, with the stored one where the run has not touched it."""
        return self._values.get(key) if self.knows(key) else stored

    def put(self, key: str, value: bytes | None) -> None:
        """Replaces the value."""
        if value is None:
            self._values.pop(key, None)
            self._gone.add(key)
        else:
            self._values[key] = value

    def merge(self, stored: Mapping[str, bytes]) -> dict[str, bytes]:
        """The group as the run sees it: what was replaced is in its place, what is new (again) at the end."""
        if self._cleared:
            return dict(self._values)
        merged = {key: self._values.get(key, value) for key, value in stored.items() if key not in self._gone}
        for key, value in self._values.items():
            merged.setdefault(key, value)
        return merged


_UNTOUCHED = _Group()


class _Groups:
    """The groups of one store that a run has changed."""

    def __init__(self, journal: _Journal) -> None:
        self._journal = journal
        self._touched: dict[_GroupName, _Group] = {}

    def of(self, name: _GroupName) -> _Group:
        """The group, to be read only. Raises `HostCallRefused` when the run has ended."""
        self._journal.require_open()
        return self._touched.get(name, _UNTOUCHED)

    def write(self, name: _GroupName, key: str, write: StateWrite | StreamWrite, stored: bytes | None) -> Written:
        """Applies a write and holds it; when it is refused, nothing has changed."""
        before = self.of(name).get(key, stored)
        after = write.change(before)
        self._journal.add(write, _names(write) + len(after or b""))
        self._touched.setdefault(name, _Group()).put(key, after)
        return Written(before, after)

    def clear(self, clear: StateClear) -> None:
        """Empties a group."""
        self._journal.add(clear, _names(clear))
        self._touched[clear.group] = _Group(cleared=True)


def _names(write: StateWrite | StreamWrite | StateClear) -> int:
    return sum(len(part) for part in write if isinstance(part, str))


class _HeldState:
    """A state store with the run's writes over the stored values."""

    def __init__(self, store: StateStore, journal: _Journal) -> None:
        self._store = store
        self._groups = _Groups(journal)

    async def get(self, group: str, key: str) -> bytes | None:
        stored = None if self._groups.of(group).knows(key) else await self._store.get(group, key)
        return self._groups.of(group).get(key, stored)

    async def values(self, group: str) -> Sequence[bytes]:
        if self._groups.of(group) is _UNTOUCHED:
            return await self._store.values(group)
        stored = await self._stored(group)
        return tuple(self._groups.of(group).merge(stored).values())

    async def keys(self, group: str) -> Sequence[str]:
        stored = await self._store.keys(group)
        return tuple(self._groups.of(group).merge(dict.fromkeys(stored, b"")))

    async def write(self, write: StateWrite) -> Written:
        stored = (
            None if self._groups.of(write.group).knows(write.key) else await self._store.get(write.group, write.key)
        )
        return self._groups.write(write.group, write.key, write, stored)

    async def clear(self, group: str) -> None:
        self._groups.clear(StateClear(group))

    async def _stored(self, group: str) -> Mapping[str, bytes]:
        """The stored values by key. Two reads tell of them; when the group changes between, each is read alone."""
        keys = await self._store.keys(group)
        values = await self._store.values(group)
        if len(keys) == len(values) and await self._store.keys(group) == keys:
            return dict(zip(keys, values, strict=True))
        found = [(key, await self._store.get(group, key)) for key in keys]
        return {key: value for key, value in found if value is not None}


class _HeldStreams:
    """A stream store with the run's writes over the stored items."""

    def __init__(self, store: StreamStore, journal: _Journal) -> None:
        self._store = store
        self._groups = _Groups(journal)

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        known = self._groups.of((stream, group)).knows(id)
        stored = None if known else await self._store.get(stream, group, id)
        return self._groups.of((stream, group)).get(id, stored)

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        stored = await self._store.items(stream, group)
        touched = self._groups.of((stream, group))
        if touched is _UNTOUCHED:
            return stored
        return tuple(touched.merge({decode(item)["id"]: item for item in stored}).values())

    async def write(self, write: StreamWrite) -> Written:
        stream, group, id, _ = write
        known = self._groups.of((stream, group)).knows(id)
        stored = None if known else await self._store.get(stream, group, id)
        return self._groups.write((stream, group), id, write, stored)
