"""What groups of streams hold, as JSON: made once for all who ask until something changes."""

from __future__ import annotations

import sys

from runtime.services.frames import Place

TOO_LARGE = b""
"""In place of the JSON of a group that is too large to be sent, so that it is not read again for the next who asks."""


class Snapshots:
    """The newest snapshots of groups, of at most so many bytes in all.

    They stay when nobody follows the group any more: a client that comes and goes must not have it read each time.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: dict[Place, bytes] = {}

    def __contains__(self, place: Place) -> bool:
        """Whether what the group holds is known."""
        return place in self._kept

    def get(self, place: Place) -> bytes | None:
        """What the group holds, None when that is to be read."""
        return self._kept.get(place)

    def keep(self, place: Place, text: bytes) -> None:
        """Keeps what a group holds, until it is dropped or newer ones need its space."""
        self.drop(place)
        self._bytes += _cost(place, text)
        self._kept[place] = text
        while self._bytes > self._max_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, place: Place) -> None:
        """Forgets it; without effect when there is nothing."""
        text = self._kept.pop(place, None)
        if text is not None:
            self._bytes -= _cost(place, text)


def _cost(place: Place, text: bytes) -> int:
    """The bytes of a snapshot; those of its name count as well, for clients may ask for any number of empty groups."""
    return len(text) + sum(map(sys.getsizeof, place))
