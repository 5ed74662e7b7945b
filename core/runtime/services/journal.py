"""The writes of a run in their order."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.errors import HostCallRefused
from runtime.records import StateWrite, Write

ENDED = "the run has ended; an atomic step's writes end with it"


class Journal:
    """Holds the writes of a run until it ends, within bounds."""

    __slots__ = ("_bytes", "_entries", "_max_bytes", "_max_writes", "_open", "_pins")

    def __init__(self, max_writes: int, max_bytes: int) -> None:
        self._entries: list[Write] = []
        self._pins: dict[tuple[str, str], StateWrite] = {}
        self._bytes = 0
        self._open = True
        self._max_writes = max_writes
        self._max_bytes = max_bytes

    def require_open(self) -> None:
        """Raises `HostCallRefused` when the run has ended."""
        if not self._open:
            raise HostCallRefused(ENDED)

    def add(self, entry: Write, size: int, pin: StateWrite | None = None) -> None:
        """Holds a write, and before all writes its pin: one that changes nothing and refuses another version.

        The first pin of a value counts. Raises `HostCallRefused` when there would be too many or too large writes.
        """
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
        if pin is not None:
            self._pins.setdefault((pin.group, pin.key), pin)

    def close(self) -> Sequence[Write]:
        """Takes no more and returns what is held."""
        self._open = False
        return [*self._pins.values(), *self._entries]

    def empty(self) -> None:
        """Takes no more and lets go of what is held."""
        self._open = False
        self._entries, self._pins = [], {}
