"""Streams as handlers use them: items with metadata, changes to whoever listens."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from runtime.catalog import Catalog
from runtime.contracts import Clock, Engine, StreamStore
from runtime.errors import HostCallRefused
from runtime.records import Change, Group, StreamChange, StreamWrite, Written
from runtime.services.changes import ChangeService
from runtime.services.schemas import SchemaService
from runtime.services.updates import NOTHING, apply_updates, encode_updated
from runtime.values import decode, encode_array

Listener = Callable[[StreamChange], None]


class StreamService:
    """Keeps items, stamps them, and tells every listener of each change in order, once it is stored.

    A write that a step watches is stored together with the event for that step. An empty trace id begins a trace.
    Every write raises `StorageFault` when it cannot be stored, and `HostCallRefused` when a queue of those who watch
    is full.
    """

    def __init__(
        self, engine: Engine, changes: ChangeService, clock: Clock, max_value_bytes: int, schemas: SchemaService
    ) -> None:
        self._catalog = Catalog()
        self._original = self
        self._engine: Engine | None = engine
        self._store = engine.streams
        self._changes = changes
        self._schemas = schemas
        self._clock = clock
        self._max_value_bytes = max_value_bytes
        self._listeners: list[Listener] = []
        self._send: Listener = self.tell

    @property
    def catalog(self) -> Catalog:
        """Whose streams are known; the same for all that `over` makes of a service, however long they are in use."""
        return self._original._catalog

    @catalog.setter
    def catalog(self, catalog: Catalog) -> None:
        self._original._catalog = catalog

    def over(self, store: StreamStore, send: Listener) -> StreamService:
        """The same service with another store, which is also given what follows a write and who is told of it;
        passing events go to `send` in place of the listeners."""
        other = copy.copy(self)
        other._store = store
        other._engine = None
        other._send = send
        return other

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls the listener for each change from now on; returns what ends that.

        A listener must not block and must not raise. It hears of a change also when who made it has stopped waiting.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, change: StreamChange) -> None:
        """Tells every listener of a change that has happened."""
        for listener in tuple(self._listeners):
            listener(change)

    async def get(self, stream: str, group: str, id: str) -> bytes:
        """The item, empty when absent."""
        self._known(stream)
        return await self._store.get(stream, group, id) or b""

    async def set(self, stream: str, group: str, id: str, data: bytes, trace: str) -> bytes:
        """Creates or replaces an item and returns it with its metadata."""
        value = decode(data)
        return await self._modify((stream, group, id), lambda _: value, trace)

    async def update(self, stream: str, group: str, id: str, operations: bytes, trace: str) -> bytes:
        """Applies operations to an item's data with nothing in between and returns the new item.

        Operations that leave the item as it is are no change of it.
        """
        wanted = decode(operations)
        where = f"stream '{stream}', '{group}' / '{id}'"
        place = (stream, group, id)
        return await self._modify(place, lambda item: apply_updates(item, wanted, where), trace, idle=True)

    async def delete(self, stream: str, group: str, id: str, trace: str) -> bytes:
        """Removes an item and returns it, empty when absent."""
        self._known(stream)
        return (await self._write((stream, group, id), _gone, trace)).before or b""

    async def items(self, stream: str, group: str) -> bytes:
        """An array of the group's items in insertion order."""
        self._known(stream)
        return encode_array(await self._store.items(stream, group))

    async def group(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order, each on its own."""
        self._known(stream)
        return await self._store.items(stream, group)

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups of the stream that are not empty, in the order of their names, those behind `after`.

        Raises `HostCallRefused` for a stream that the project does not have.
        """
        self._known(stream)
        return await self._store.groups(stream, limit, after)

    def settle(self) -> None:
        """Lets listeners hear of what is written so far; what is read next, in the same turn, is not undone later."""
        self._store.settle()

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """True for an item that is not there but was, not longer ago than the engine remembers."""
        return await self._store.was_deleted(stream, group, id)

    async def send(self, stream: str, group: str, id: str, event: bytes) -> None:
        """Tells listeners of a passing event; nothing is stored. An empty id means the whole group.

        Raises `HostCallRefused` over the size limit of items.
        """
        self._known(stream)
        if len(event) > self._max_value_bytes:
            raise self._too_large(f"a passing event of stream '{stream}'", event)
        self._send(StreamChange(stream, group, id, "event", event))

    async def _modify(
        self, place: tuple[str, str, str], change: Callable[[Any], Any], trace: str, idle: bool = False
    ) -> bytes:
        """Replaces an item's data; an `idle` change that leaves the item as it is counts as none."""
        self._known(place[0])
        if not place[2]:
            raise HostCallRefused(f"an item of stream '{place[0]}' needs an id that is not empty")
        now = self._clock.now()

        def stamped(before: bytes | None) -> bytes:
            after = self._stamped(place, now, before, change)
            return before if idle and before == after else after

        return (await self._write(place, stamped, trace)).after or b""

    async def _write(self, place: tuple[str, str, str], change: Change, trace: str) -> Written:
        follow = self._changes.of_stream(*place, trace)
        write = StreamWrite(*place, change, follow, lambda written: self.tell(_change_of(place, written)))
        if follow is None or self._engine is None:
            return await self._store.write(write)
        (written,) = await self._engine.commit([write])
        return written

    def _stamped(
        self, place: tuple[str, str, str], now: float, before: bytes | None, change: Callable[[Any], Any]
    ) -> bytes:
        """The new item: the user's data under the metadata, which only the runtime writes."""
        stream, group, id = place
        item = decode(before or b"") or {}
        created_at = item.get("_createdAt") or _iso(now)
        data = change(_without_metadata(item))
        if not isinstance(data, dict):
            what = "nothing" if data is NOTHING else f"a {type(data).__name__}"
            raise HostCallRefused(f"the data of an item of stream '{stream}' is a map, not {what}")
        self._schemas.check_item(stream, id, _without_metadata(data))
        stamp = {"type": "state-stream", "streamName": stream, "groupId": group, "id": id}
        stamped = encode_updated({**data, "id": id, "_createdAt": created_at, "__motia": stamp})
        if len(stamped) > self._max_value_bytes:
            raise self._too_large(f"the item '{id}' of stream '{stream}'", stamped)
        return stamped

    def _too_large(self, what: str, value: bytes) -> HostCallRefused:
        return HostCallRefused(
            f"{what} has {len(value)} bytes, over the limit of {self._max_value_bytes} (state.maxValueBytes)"
        )

    def _known(self, stream: str) -> None:
        if stream not in self.catalog.streams:
            known = ", ".join(sorted(self.catalog.streams)) or "none yet"
            raise HostCallRefused(
                f"there is no stream '{stream}' (known: {known}); define it in a file such as {stream}.stream.ts"
            )


def _change_of(place: tuple[str, str, str], written: Written) -> StreamChange:
    """What listeners hear of a write that has changed something."""
    if written.after is None:
        return StreamChange(*place, "delete", written.before or b"")
    return StreamChange(*place, "create" if written.before is None else "update", written.after)


def _without_metadata(item: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in item.items() if key not in ("id", "_createdAt", "__motia")}


def _gone(before: bytes | None) -> None:
    """The change that leaves no item."""


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
