"""The stores in memory while several writes are carried out, which can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.records import Follow, Publication, QueueKey, StateClear, StateWrite, StreamWrite, Written
from runtime.storage.commits import Published
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore


class MemoryTransaction:
    """Writes at once, and notes what each has replaced."""

    def __init__(self, events: MemoryEventBus, state: MemoryStateStore, streams: MemoryStreamStore) -> None:
        self._events = events
        self._state = state
        self._streams = streams
        self._undo: list[Callable[[], None]] = []
        self._disordered: dict[str | tuple[str, str], None] = {}
        """Groups of state and of streams that have lost their order when a removal was undone."""
        self._items: list[tuple[StreamWrite, Written]] = []
        self._sent: dict[tuple[str, str], str] = {}
        """Of each idempotency key the event of this transaction."""

    def write_state(self, write: StateWrite, removed: Callable[[Written], None] | None) -> Written:
        """Changes one value."""
        group, key = write.group, write.key
        kept = self._state.kept(group, key)

        def undo() -> None:
            if self._state.put_back(group, key, kept):
                self._disordered[group] = None

        self._undo.append(undo)
        return self._state.apply(write, removed)

    def clear_state(self, clear: StateClear, removed: Callable[[Follow, Written], None]) -> None:
        """Removes a group."""
        group, values = clear.group, self._state.all(clear.group)
        self._undo.append(lambda: self._state.put_all_back(group, values))
        self._state.remove_each(clear, removed)

    def write_stream(self, write: StreamWrite) -> Written:
        """Changes one item."""
        stream, group, id = write.stream, write.group, write.id
        item = self._streams.item(stream, group, id)

        def undo() -> None:
            if self._streams.put_back(stream, group, id, item):
                self._disordered[stream, group] = None

        self._undo.append(undo)
        written = self._streams.apply(write)
        self._items.append((write, written))
        return written

    def publish(self, publication: Publication, coming: Mapping[QueueKey, int]) -> Published:
        """Checks an event."""
        event, placements, key = publication
        sent = self._sent.get((event.topic, key)) if key else None
        if sent is not None:
            return Published(sent, (), _nothing)
        event_id, enter = self._events.prepare(publication, coming)
        if key:
            self._sent[event.topic, key] = event_id
        is_new = event_id == event.id
        return Published(event_id, tuple(placement.queue for placement in placements) if is_new else (), enter)

    def stored(self) -> None:
        """Hears that nothing will be undone."""
        for write, written in self._items:
            self._streams.stored(write, written)

    def undo(self) -> None:
        """Brings everything back to what it was."""
        for undo in reversed(self._undo):
            undo()
        for group in self._disordered:
            if isinstance(group, str):
                self._state.order(group)
            else:
                self._streams.order(*group)


def _nothing() -> None:
    """Another event stands for this one."""
