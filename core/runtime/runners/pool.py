"""Runner processes that share the work: those of one language, as the dispatcher sees them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from runtime.errors import RunnerFault
from runtime.runners.link import Link


class Pool:
    """Hands out links with room, to those who wait in the order in which they came."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._came = asyncio.Event()
        self._given_up = ""
        self._called = 0
        """Callers who were told that there is room and have not come for it yet."""

    @property
    def links(self) -> Sequence[Link]:
        """Those in service."""
        return tuple(self._links)

    def add(self, link: Link) -> None:
        """Takes a link that has loaded into service."""
        self._links.append(link)
        self._came.set()
        self.notify()

    def use(self, links: Sequence[Link]) -> None:
        """Serves with these links from now on, in the same turn without the ones before, and with new hope."""
        self._links = list(links)
        self._given_up = ""
        self._came.set()
        self.notify()

    def remove(self, link: Link) -> None:
        """Takes a link out of service; without effect when it is not in."""
        if link in self._links:
            self._links.remove(link)

    def give_up(self, why: str) -> None:
        """Tells those who wait for a link, and those who will, that none comes any more."""
        self._given_up = why
        self._came.set()

    def live(self) -> Link | None:
        """A link, whether it has room for invocations or not; None while no runner is there."""
        return next((link for link in self._links if link.is_live), None)

    async def wait_live(self) -> Link:
        """The same, waiting for a restart as long as it takes. Raises `RunnerFault` when there will be none."""
        while (link := self.live()) is None:
            if self._given_up:
                raise RunnerFault(self._given_up)
            self._came.clear()
            await self._came.wait()
        return link

    def idle(self) -> Link | None:
        """The link with the fewest invocations, or None when none has room or others were here before."""
        if self._waiting or (self._called and self._room() <= self._called):
            return None
        return self._least_busy()

    async def wait_idle(self, seconds: float | None) -> Link | None:
        """The same, waiting at most so long; without a number, as long as it takes."""
        try:
            async with asyncio.timeout(seconds):
                link = await self._turn(last=True)
                while link is None:  # the room was lost with its runner: the first of the line again
                    link = await self._turn(last=False)
                return link
        except TimeoutError:
            return None

    async def _turn(self, *, last: bool) -> Link | None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if last:
            self._waiting.append(turn)
        else:
            self._waiting.appendleft(turn)
        self.notify()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._called -= 1
                self.notify()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise
        self._called -= 1
        return self._least_busy()

    def notify(self) -> None:
        """Calls as many who wait as there is room for."""
        room = self._room() - self._called if self._waiting else 0
        while self._waiting and room > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._called += 1
                room -= 1

    def _room(self) -> int:
        return sum(link.room for link in self._links)

    def _least_busy(self) -> Link | None:
        if len(self._links) == 1:
            return self._links[0] if self._links[0].room > 0 else None
        open_links = [link for link in self._links if link.room > 0]
        if not open_links:
            return None
        least = min(open_links, key=lambda link: link.in_flight)
        self._links.remove(least)  # to the end: those that are as busy have their turns first
        self._links.append(least)
        return least
