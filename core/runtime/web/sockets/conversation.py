"""One client's socket: what it asks for, one message after the other, and what it is sent meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from websockets.frames import CloseCode

from runtime.config import StreamSettings
from runtime.errors import HostCallRefused, StorageFault
from runtime.services.rooms import Frame, GroupTooLarge, Place, Rooms
from runtime.web import entrance
from runtime.web.sockets.messages import Malformed, Request, request_of
from runtime.web.sockets.tellers import Audience, Teller

NOT_FOUND = "STREAM_NOT_FOUND"
DENIED = "STREAM_ACCESS_DENIED"
TOO_LARGE = "GROUP_TOO_LARGE"
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_PERIOD = 1.0
"""Seconds in which at most `max_messages_per_second` are taken."""


class Access(entrance.Access, Audience, Protocol):
    """Who may read what, and who hears of it."""


class Outlet(Protocol):
    """Where frames that are made already go, at once."""

    lost: asyncio.Event
    """Set when the connection has ended."""

    def write(self, wire: bytes) -> None:
        """Sends a frame; a client that takes too little of what it is sent is closed instead."""

    def write_uncounted(self, pieces: Iterable[bytes]) -> None:
        """Sends a frame that the client has asked for, in pieces, whatever its size."""

    def close(self, code: int, reason: str = "") -> None:
        """Closes the socket behind all that was sent."""


class Conversation:
    """A member of rooms that speaks through a socket."""

    def __init__(
        self,
        rooms: Rooms,
        access: Access,
        settings: StreamSettings,
        knows: Callable[[str], bool],
        context: bytes,
        teller: Teller,
        outlet: Outlet,
        refused: Callable[[Place, str], None],
    ) -> None:
        """`knows` tells which streams there are, `refused` hears of joins that are refused, with the code that the
        client gets; takes the client's auth context, who tells the project of it, and where to send."""
        self._rooms = rooms
        self._access = access
        self._settings = settings
        self._knows = knows
        self._context = context
        self._teller = teller
        self._outlet = outlet
        self._refused = refused
        self._subscriptions: dict[Place, set[str]] = {}
        self._count = 0
        self._taken: deque[float] = deque(maxlen=settings.max_messages_per_second)

    async def hold(self, receive: Receive) -> Malformed | None:
        """Answers the client until it has gone; returns what made it be closed with 1007, None for anything else.

        Raises `HostCallRefused` or `StorageFault` for what cannot be read, when it has closed the socket with 1011.
        """
        try:
            while (message := await receive())["type"] == "websocket.receive":
                await self._pace()
                await self._teller.room(self._outlet.lost)
                await self._answer(request_of(message, self._settings.max_name_bytes))
        except Malformed as error:
            self._outlet.close(CloseCode.INVALID_DATA, str(error))
            return error
        except (HostCallRefused, StorageFault):
            self._outlet.close(CloseCode.INTERNAL_ERROR, "what the client wants to follow cannot be read")
            raise
        finally:
            self._rooms.leave_all(self)
            for place in self._subscriptions:
                self._teller.left(place)
        return None

    def deliver(self, frame: Frame) -> None:
        """Sends what has changed, or what the client is to know at first."""
        if frame.kind == "sync":
            self._outlet.write_uncounted(frame.pieces)
        else:
            self._outlet.write(frame.wire)

    async def _pace(self) -> None:
        """Waits until one more message may be taken."""
        loop = asyncio.get_running_loop()
        if len(self._taken) == self._taken.maxlen:
            wait = self._taken[0] + _PERIOD - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
        self._taken.append(loop.time())

    async def _answer(self, request: Request) -> None:
        if request.is_join:
            await self._join(request.place, request.subscription)
        else:
            self._leave(request.place, request.subscription)

    async def _join(self, place: Place, subscription: str) -> None:
        stream = place.stream
        known = self._subscriptions.get(place, ())
        if not self._knows(stream):
            advice = "its name is the 'name' in its own file, and the log of the runtime says which there are"
            self._refuse(place, NOT_FOUND, f"there is no stream '{stream}': {advice}")
        elif subscription not in known and self._count >= self._settings.max_joins:
            limit = f"{self._settings.max_joins} subscriptions (streams.maxJoins)"
            self._refuse(place, "TOO_MANY_JOINS", f"this socket has {limit} already")
        elif not await self._access.may_read(*place, self._context):
            self._refuse(place, DENIED, f"access to stream '{stream}' is denied")
            self._leave_wholly(place)
        else:
            await self._enter(place, subscription)

    async def _enter(self, place: Place, subscription: str) -> None:
        try:
            await self._rooms.join(self, place)
        except GroupTooLarge as error:
            self._refuse(place, TOO_LARGE, str(error))
            return self._leave_wholly(place)
        known = self._subscriptions.get(place, ())
        if subscription not in known:
            self._subscriptions.setdefault(place, set()).add(subscription)
            self._count += 1
        if not known:
            self._teller.joined(place)
        return None

    def _leave(self, place: Place, subscription: str) -> None:
        """Ends a subscription; the place is left with the last."""
        known = self._subscriptions.get(place, set())
        if subscription not in known:
            return
        if len(known) == 1:
            self._leave_wholly(place)
        else:
            known.remove(subscription)
            self._count -= 1

    def _leave_wholly(self, place: Place) -> None:
        """Ends all subscriptions of a place, where there are any."""
        ended = self._subscriptions.pop(place, None)
        if ended is not None:
            self._count -= len(ended)
            self._rooms.leave(self, place)
            self._teller.left(place)

    def _refuse(self, place: Place, code: str, message: str) -> None:
        self._refused(place, code)
        self.deliver(self._rooms.event(place, "error", {"code": code, "message": message}))
