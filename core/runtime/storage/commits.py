"""Several writes and what follows from them, in order: what every engine does inside its transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from runtime.records import Follow, Publication, QueueKey, StateClear, StateWrite, StreamWrite, Write, Written
from runtime.storage.callbacks import call_each
from runtime.storage.writes import is_change


class Published(NamedTuple):
    """A publication that is stored; `enter` makes it takeable once that is for good, and cannot fail."""

    event_id: str
    queues: tuple[QueueKey, ...]
    enter: Callable[[], None]


class Transaction(Protocol):
    """An engine's stores, inside a transaction; what they raise undoes all of it."""

    def write_state(self, write: StateWrite, removed: Callable[[Written], None] | None) -> Written:
        """Changes one value; `removed` hears of the value that was there, when its time was over."""

    def clear_state(self, clear: StateClear, removed: Callable[[Follow, Written], None]) -> None:
        """Removes a group; `removed` hears of each value that something follows."""

    def write_stream(self, write: StreamWrite) -> Written:
        """Changes one item."""

    def publish(self, publication: Publication, coming: Mapping[QueueKey, int]) -> Published:
        """Stores an event, with so many others that are to enter its queues before it."""


class Commit:
    """Carries out writes, and remembers what is due once they are stored."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._coming: Counter[QueueKey] = Counter()
        self._due: list[Callable[[], None]] = []

    def carry_out(self, write: Write) -> Written:
        """Does what the write says. Raises what its change and what follows it raise, and `VersionConflict`."""
        if isinstance(write, StateWrite):
            return self._write_state(write)
        if isinstance(write, StreamWrite):
            return self._write_stream(write)
        if isinstance(write, Publication):
            return Written(event_id=self._publish(write))
        if isinstance(write, StateClear):
            self._transaction.clear_state(write, self._let_follow)
        else:
            self._due.append(write.told)
        return Written()

    def stored(self) -> None:
        """Enters events and tells of writes, in their order."""
        call_each(self._due)

    def _write_state(self, write: StateWrite) -> Written:
        follow = write.follow
        if follow is None:
            return self._transaction.write_state(write, None)
        written = self._transaction.write_state(write, lambda ended: self._let_follow(follow, ended))
        if is_change(write, written):
            self._let_follow(follow, written)
        return written

    def _write_stream(self, write: StreamWrite) -> Written:
        written = self._transaction.write_stream(write)
        if not is_change(write, written):
            return written
        if write.follow is not None:
            self._let_follow(write.follow, written)
        told = write.told
        if told is not None:
            self._due.append(lambda: told(written))
        return written

    def _let_follow(self, follow: Follow, written: Written) -> None:
        publication = follow(written)
        if publication is not None:
            self._publish(publication)

    def _publish(self, publication: Publication) -> str:
        published = self._transaction.publish(publication, self._coming)
        self._coming.update(published.queues)
        self._due.append(published.enter)
        return published.event_id
