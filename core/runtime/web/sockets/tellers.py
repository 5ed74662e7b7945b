"""What the project hears of sockets: who has joined and who has left, in the order in which it was."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from runtime.services.rooms import Place


class Audience(Protocol):
    """Who hears of it."""

    def hears(self, stream: str) -> bool:
        """Whether anybody hears of who joins and leaves a stream."""

    async def joined(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Hears of a client that has joined."""

    async def left(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Hears of a client that had joined and is gone."""


class Tellers:
    """All that is still to be told, also of sockets whose connections have ended."""

    def __init__(self, audience: Audience, max_waiting: int, failed: Callable[[str], None]) -> None:
        """Of each socket so many may wait while it is open; `failed` is called where a fault is handled, with the trace
        of its socket."""
        self._audience = audience
        self._max_waiting = max_waiting
        self._failed = failed
        self._tasks: dict[asyncio.Task[None], Teller] = {}

    @property
    def count(self) -> int:
        """Sockets of which something is still to be told."""
        return len(self._tasks)

    def teller(self, context: bytes, trace_id: str) -> Teller:
        """One for a socket, whose client has this auth context."""
        return Teller(self, self._audience, context, self._max_waiting, lambda: self._failed(trace_id))

    def begin(self, teller: Teller) -> None:
        """Has the teller tell what waits."""
        task = asyncio.get_running_loop().create_task(teller.tell())
        self._tasks[task] = teller
        task.add_done_callback(self._tasks.pop)

    async def finish(self, seconds: float) -> int:
        """Waits so long for what is still to be told, ends the rest, and says how much of it there was."""
        if not self._tasks:
            return 0
        await asyncio.wait(self._tasks, timeout=max(0.0, seconds))
        untold = sum(teller.waiting for teller in self._tasks.values())
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return untold


class Teller:
    """Tells of one socket, one thing after the other; its client waits only where too much of it waits."""

    def __init__(
        self, owner: Tellers, audience: Audience, context: bytes, max_waiting: int, failed: Callable[[], None]
    ) -> None:
        self._owner = owner
        self._audience = audience
        self._context = context
        self._max_waiting = max_waiting
        self._failed = failed
        self._waiting: deque[tuple[bool, Place]] = deque()
        self._told = asyncio.Event()
        self._is_telling = False

    @property
    def waiting(self) -> int:
        """What is not told yet, with what is being told."""
        return len(self._waiting)

    def joined(self, place: Place) -> None:
        """Has it told that the client has joined."""
        self._add(True, place)

    def left(self, place: Place) -> None:
        """Has it told that the client is gone from there."""
        self._add(False, place)

    async def room(self, lost: asyncio.Event) -> None:
        """Returns when one more may wait, or the connection is lost."""
        while len(self._waiting) >= self._max_waiting and not lost.is_set():
            self._told.clear()
            either = [asyncio.ensure_future(event.wait()) for event in (self._told, lost)]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in either:
                    each.cancel()

    def _add(self, is_join: bool, place: Place) -> None:
        if not self._audience.hears(place.stream):
            return
        self._waiting.append((is_join, place))
        if not self._is_telling:
            self._is_telling = True
            self._owner.begin(self)

    async def tell(self) -> None:
        """Tells what waits, and ends when nothing does; for its owner."""
        try:
            while self._waiting:
                is_join, place = self._waiting[0]
                try:
                    await (self._audience.joined if is_join else self._audience.left)(*place, self._context)
                except Exception:
                    self._failed()
                self._waiting.popleft()
                self._told.set()
        finally:
            self._is_telling = False
