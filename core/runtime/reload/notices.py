"""What the system says of changes in folders: a hint where to look, not what there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

Heard = Callable[[Collection[str] | None], None]
"""Gets paths relative to the root with "/" between, on the event loop; None when some of them are not known."""


class Refused(Exception):
    """The system does not tell of changes, and says why."""


class Notices(Protocol):
    """Listens to folders, each without those inside."""

    lag: float
    """Seconds that it has been quiet already when something is heard."""

    def listen(self, folders: Sequence[str]) -> None:
        """Listens to these folders from now on, and no longer to others; takes milliseconds, in any thread.

        Raises `FileNotFoundError` for a folder that is not there, `Refused` when the system does not play along.
        """

    def close(self) -> None:
        """Ends it; nothing is heard afterwards."""
