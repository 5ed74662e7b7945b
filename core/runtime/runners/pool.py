"""The runner processes of one language, as the dispatcher sees them."""

from __future__ import annotations

import asyncio
from collections import deque

from runtime.runners.link import Link


class Pool:
    """Hands out links with room, to those who wait in the order in which they came."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    def add(self, link: Link) -> None:
        """Takes a link that has loaded into service."""
        self._links.append(link)
        self.notify()

    def remove(self, link: Link) -> None:
        """Takes a link out of service; without effect when it is not in."""
        if link in self._links:
            self._links.remove(link)

    def idle(self) -> Link | None:
        """The link with the fewest invocations, or None when none has room or others wait already."""
        return None if self._waiting else self._least_busy()

    async def wait_idle(self, seconds: float) -> Link | None:
        """The same, waiting at most so long."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self.notify()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await turn
                    link = self._least_busy()
                    if link is not None:
                        return link
                    turn = asyncio.get_running_loop().create_future()
                    self._waiting.appendleft(turn)
        except TimeoutError:
            return None
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
            self.notify()

    def notify(self) -> None:
        """Wakes the first who waits, if a link has room."""
        if self._waiting and self._least_busy() is not None:
            self._waiting.popleft().set_result(None)

    def _least_busy(self) -> Link | None:
        if len(self._links) == 1:
            return self._links[0] if self._links[0].has_room else None
        open_links = [link for link in self._links if link.has_room]
        return min(open_links, key=lambda link: link.in_flight, default=None)
