"""What the system says of changes in folders, through watchfiles: a hint where to look, not what there is."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

Counts = Callable[[str], bool]
"""Whether a path counts, relative to the root with "/" between; asked in the thread that listens."""
Heard = Callable[[Collection[str] | None], None]
"""Gets the paths that count, on the event loop; None when some of them are not known."""
_STEP_MS, _IDLE_STEP_MS = 5, 100
"""Between two looks whether the system has said something, while somebody works and else; each costs a turn of a
thread, also when nothing happens: every 5 ms they are 0.5 to 0.9 % of a core."""
_AT_WORK_MS = 10_000
"""So long after a change somebody counts as at work."""


class Refused(Exception):
    """The system does not tell of changes, and says why."""


class Notices:
    """Listens to folders, each without those inside; what is heard is collected and sorted out in a thread."""

    def __init__(self, root: Path, counts: Counts, heard: Heard) -> None:
        self._root = root
        self._counts = counts
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lag = 0.0
        """Seconds that it had been quiet already when something was heard the last time."""

    def listen(self, folders: Sequence[str]) -> None:
        """Listens to these folders from now on, and no longer to others; takes milliseconds, in any thread.

        Raises `FileNotFoundError` for a folder that is not there, `Refused` when the system does not play along.
        """
        try:
            notify = RustNotify([os.path.join(self._root, folder) for folder in folders], False, False, 0, False, False)
        except FileNotFoundError:
            raise
        except (OSError, WatchfilesRustInternalError) as error:
            raise Refused(str(error)) from error
        self.close()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(notify, self._stop), name="file changes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it; nothing is heard afterwards."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _run(self, notify: RustNotify, stop: threading.Event) -> None:
        beginning = len(os.path.join(self._root, ""))
        step, patience = _IDLE_STEP_MS, 0
        try:
            while (found := notify.watch(0, step, patience, stop)) not in ("stop", "signal"):
                if isinstance(found, str):  # the timeout
                    step, patience = _IDLE_STEP_MS, 0
                    continue
                paths = {path[beginning:].replace(os.sep, "/") for _, path in found}
                if counted := {path for path in paths if self._counts(path)}:
                    self.lag = step / 1000
                    step, patience = _STEP_MS, _AT_WORK_MS
                    self._loop.call_soon_threadsafe(self._heard, counted)
        except WatchfilesRustInternalError:  # such as a name that is no text; it would be said again and again
            self._loop.call_soon_threadsafe(self._heard, None)
        finally:
            notify.close()
