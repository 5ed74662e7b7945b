"""Streams as handlers use them: items with metadata, changes to whoever listens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from runtime.catalog import Catalog
from runtime.contracts import Clock, StreamStore
from runtime.errors import HostCallRefused
from runtime.records import StreamChange, StreamWrite, Written
from runtime.services.schemas import SchemaService
from runtime.services.updates import apply_updates
from runtime.values import decode, encode, encode_array

Listener = Callable[[StreamChange], None]


class StreamService:
    """Keeps items, stamps them, and tells every listener of each change in order."""

    def __init__(self, store: StreamStore, clock: Clock, max_value_bytes: int, schemas: SchemaService) -> None:
        self.catalog = Catalog()
        self._schemas = schemas
        self._store = store
        self._clock = clock
        self._max_value_bytes = max_value_bytes
        self._listeners: list[Listener] = []
        self._tell: Listener = self.tell

    def over(self, store: StreamStore, tell: Listener) -> StreamService:
        """The same service with another store, and with `tell` in place of the listeners."""
        other = copy.copy(self)
        other._store = store
        other._tell = tell
        return other

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls the listener for each change from now on; returns what ends that. A listener must not block."""
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

    async def set(self, stream: str, group: str, id: str, data: bytes) -> bytes:
        """Creates or replaces an item and returns it with its metadata."""
        value = decode(data)
        return await self._modify(stream, group, id, lambda _: value)

    async def update(self, stream: str, group: str, id: str, operations: bytes) -> bytes:
        """Applies operations to an item's data with nothing in between and returns the new item."""
        wanted = decode(operations)
        return await self._modify(stream, group, id, lambda item: apply_updates(item, wanted))

    async def delete(self, stream: str, group: str, id: str) -> bytes:
        """Removes an item and returns it, empty when absent."""
        self._known(stream)
        return (await self._write(StreamWrite(stream, group, id, _gone))).before or b""

    async def items(self, stream: str, group: str) -> bytes:
        """An array of the group's items in insertion order."""
        self._known(stream)
        return encode_array(await self._store.items(stream, group))

    async def send(self, stream: str, group: str, id: str, event: bytes) -> None:
        """Tells listeners of a passing event; nothing is stored. An empty id means the whole group."""
        self._known(stream)
        self._tell(StreamChange(stream, group, id, "event", event))

    async def _modify(self, stream: str, group: str, id: str, change: Callable[[Any], Any]) -> bytes:
        self._known(stream)
        now = self._clock.now()

        def stamped(before: bytes | None) -> bytes:
            return self._stamped((stream, group, id), now, before, change)

        return (await self._write(StreamWrite(stream, group, id, stamped))).after or b""

    async def _write(self, write: StreamWrite) -> Written:
        written = await self._store.write(write)
        change = change_of(write, written)
        if change is not None:
            self._tell(change)
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
            raise HostCallRefused(f"the data of an item of stream '{stream}' is a map, not a {type(data).__name__}")
        self._schemas.check_item(stream, id, _without_metadata(data))
        stamp = {"type": "state-stream", "streamName": stream, "groupId": group, "id": id}
        stamped = encode({**data, "id": id, "_createdAt": created_at, "__motia": stamp})
        if len(stamped) > self._max_value_bytes:
            raise HostCallRefused(
                f"the item '{id}' of stream '{stream}' has {len(stamped)} bytes, over the limit of "
                f"{self._max_value_bytes} (state.maxValueBytes)"
            )
        return stamped

    def _known(self, stream: str) -> None:
        if stream not in self.catalog.streams:
            known = ", ".join(sorted(self.catalog.streams)) or "none yet"
            raise HostCallRefused(
                f"there is no stream '{stream}' (known: {known}); define it in a file such as {stream}.stream.ts"
            )


def change_of(write: StreamWrite, written: Written) -> StreamChange | None:
    """What listeners hear of a write; None when it has removed an item that was not there."""
    if written.after is not None:
        operation = "create" if written.before is None else "update"
        return StreamChange(write.stream, write.group, write.id, operation, written.after)
    if written.before is not None:
        return StreamChange(write.stream, write.group, write.id, "delete", written.before)
    return None


def _without_metadata(item: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in item.items() if key not in ("id", "_createdAt", "__motia")}


def _gone(before: bytes | None) -> None:
    """The change that leaves no item."""


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
