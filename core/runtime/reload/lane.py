"""The renewals of one language: one after the other, the newest change in the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import anyio

_PATIENCE = 1.0
"""Seconds that a renewal may take in all when a further change waits; twice as long after each that was cut off."""


@dataclass(slots=True)
class Change:
    """What has changed and does not serve yet; `since` is when it was noticed, on the event loop's clock.

    `paths` are relative to the root. `environ` are new variables, None for those that there were. A `retry` is for what
    could not serve before, and of which nothing has changed itself. What is `quiet` is told of only where it comes out
    otherwise than before.
    """

    since: float
    paths: set[str] = field(default_factory=set)
    environ: Mapping[str, str] | None = None
    retry: bool = False
    quiet: bool = False

    def with_later(self, later: Change) -> Change:
        """Both, as one change."""
        environ = self.environ if later.environ is None else later.environ
        retry, quiet = self.retry and later.retry, self.quiet and later.quiet
        return Change(self.since, self.paths | later.paths, environ, retry, quiet)


class Lane:
    """Takes up the changes of one language."""

    def __init__(self, take_up: Callable[[Change], Awaitable[None]], done: Callable[[], None]) -> None:
        """`done` is called when `take_up` has returned or was cut off."""
        self._take_up = take_up
        self._done = done
        self._due: Change | None = None
        self._is_due = anyio.Event()
        self._began: float | None = None
        self._patience = _PATIENCE
        self._under_way = anyio.CancelScope()
        self._taken: Change | None = None
        """What is being taken up."""

    @property
    def is_judging(self) -> bool:
        """Whether it is not known yet if what has changed can serve; a retry is no change."""
        return any(change is not None and not change.retry for change in (self._due, self._taken))

    def put(self, change: Change) -> None:
        """Has a change taken up, together with those that wait.

        A renewal that is under way is left to finish, or saves that come faster than generations would keep any from
        serving; one that takes long is cut off, for it may hang. A retry cuts nothing off: other languages are no
        reason to begin anew.
        """
        self._due = change if self._due is None else self._due.with_later(change)
        self._is_due.set()
        if self._began is not None and not change.retry:
            self._under_way.deadline = self._began + self._patience

    async def run(self) -> None:
        """Takes up changes until it is cancelled."""
        while True:
            await self._is_due.wait()
            change, self._due = self._due, None
            self._is_due = anyio.Event()
            assert change is not None
            self._began, self._taken = anyio.current_time(), change
            with anyio.CancelScope() as self._under_way:
                await self._take_up(change)
            self._began = self._taken = None
            if self._under_way.cancelled_caught:
                self._patience *= 2
                self._due = change if self._due is None else change.with_later(self._due)
            else:
                self._patience = _PATIENCE
            self._done()
