"""The sockets of streams, on any path: who may open one, and what is told of those who may not."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response
from websockets.frames import CloseCode

from runtime.catalog import Catalog
from runtime.config import StreamSettings
from runtime.errors import HostCallRefused, StorageFault
from runtime.ids import trace_of
from runtime.model import LogLevel
from runtime.rations import Ration
from runtime.services.logs import Report
from runtime.services.rooms import Place, Rooms
from runtime.web.callers import Hosts, header_of
from runtime.web.entrance import Entrance, Refused
from runtime.web.sockets.conversation import DENIED, NOT_FOUND, TOO_LARGE, Access, Conversation, Outlet
from runtime.web.sockets.tellers import Tellers
from runtime.web.sockets.websocket import OUTLET

_SOURCE = "sockets"
_FAILED = "the runtime failed at this; its log says how"
_TOLD_FACTOR = 2
"""Times `streams.maxSockets`, sockets of which something is to be told: those that are open, and as many more."""
_MAX_SHOWN = 80
"""Characters of a name that the log shows where a client made it up."""


class Sockets:
    """Serves clients of streams, an ASGI application for sockets. It needs the outlet of `WebSockets`."""

    def __init__(
        self,
        rooms: Rooms,
        access: Access,
        allows: Callable[[str], bool],
        settings: StreamSettings,
        report: Report,
        hosts: Hosts | None = None,
    ) -> None:
        """`allows` tells which pages of other origins may connect; `hosts` under which names pages of this one may,
        None for all."""
        self.catalog = Catalog()
        self._rooms = rooms
        self._access = access
        self._settings = settings
        self._report = report
        self._entrance = Entrance(access, allows, hosts, settings, report, _SOURCE)
        self._tellers = Tellers(access, settings.max_joins, self._tell_of_fault)
        self._open = 0
        self._malformed = Ration(settings.max_malformed_reports)
        self._unknown = Ration(settings.max_malformed_reports)
        self._unread = Ration(settings.max_malformed_reports)
        self._unsent = Ration(settings.max_malformed_reports)

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one socket; returns when its connection has ended."""
        await receive()
        arrival = trace_of(header_of(scope, b"traceparent") or None)
        trace_id, told = arrival.trace_id, arrival.headers
        try:
            await self._serve(scope, receive, send, trace_id)
        except Refused as refused:
            await self._refuse(refused, told)(scope, receive, send)
        except Exception:
            self._tell_of_fault(trace_id)
            await self._refuse(Refused(500, _FAILED), told)(scope, receive, send)

    async def finish(self, seconds: float) -> None:
        """Waits so long for what the project is still to be told of sockets that have ended."""
        untold = await self._tellers.finish(seconds)
        if untold:
            message = f"the runtime stops: {untold} calls of onJoin and onLeave were not made, or have not ended"
            self._report(LogLevel.WARN, message, _SOURCE, "")

    async def _serve(self, scope: Any, receive: Any, send: Any, trace_id: str) -> None:
        if self._open >= self._settings.max_sockets:
            detail = f"{self._open} sockets are open, which is the limit (streams.maxSockets); try again"
            raise Refused(503, detail, {"retry-after": "1"})
        if self._tellers.count >= _TOLD_FACTOR * self._settings.max_sockets:
            detail = "the project is still being told of sockets that have ended (onLeave); try again"
            raise Refused(503, detail, {"retry-after": "1"})
        self._entrance.check(scope)
        self._open += 1
        try:
            context = await self._entrance.identify(scope, trace_id)
            offered = scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
            await self._converse(scope, receive, context, trace_id)
        finally:
            self._open -= 1

    async def _converse(self, scope: Any, receive: Any, context: bytes, trace_id: str) -> None:
        outlet = scope["extensions"][OUTLET]
        teller = self._tellers.teller(context, trace_id)
        conversation = Conversation(
            self._rooms, self._access, self._settings, self._knows, context, teller, outlet, self._tell_of_refusal
        )
        await self._mind(self._hold(conversation, receive, trace_id), outlet, trace_id)
        await outlet.lost.wait()

    async def _mind(self, part: Awaitable[None], outlet: Outlet, trace_id: str) -> None:
        """Awaits a part of a conversation; a fault of ours in it closes the socket."""
        try:
            await part
        except Exception:
            self._tell_of_fault(trace_id)
            outlet.close(CloseCode.INTERNAL_ERROR, _FAILED)

    async def _hold(self, conversation: Conversation, receive: Any, trace_id: str) -> None:
        try:
            fault = await conversation.hold(receive)
        except (HostCallRefused, StorageFault) as error:
            self._report(LogLevel.ERROR, f"a socket was closed: {error}", _SOURCE, trace_id)
        else:
            if fault is not None and self._malformed.allows_one():
                self._report(LogLevel.WARN, f"a socket sent what no client may and was closed: {fault}", _SOURCE, "")

    def _refuse(self, refused: Refused, told: list[tuple[bytes, bytes]]) -> Response:
        answer = refused.answer()
        answer.raw_headers += told
        return answer

    def _tell_of_fault(self, trace_id: str) -> None:
        """A fault of ours: the client gets no detail, the log has all."""
        self._report(LogLevel.ERROR, traceback.format_exc(), _SOURCE, trace_id)

    def _knows(self, stream: str) -> bool:
        return stream in self.catalog.streams

    def _tell_of_refusal(self, place: Place, code: str) -> None:
        """The log has which streams there are, and clients, who may be strangers, do not."""
        name = repr(place.stream[:_MAX_SHOWN])
        if code == NOT_FOUND and self._unknown.allows_one():
            known = self.catalog.streams
            near = difflib.get_close_matches(place.stream[:_MAX_SHOWN], known, n=1)
            names = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known) or 'none'}"
            self._report(
                LogLevel.WARN, f"a client wanted to join the stream {name}, which is not there; {names}", _SOURCE, ""
            )
        elif code == TOO_LARGE and self._unsent.allows_one():
            what = f"the group {place.group[:_MAX_SHOWN]!r} of the stream {name}"
            self._report(
                LogLevel.WARN, f"{what} is too large for a client that wanted it (streams.maxSyncBytes)", _SOURCE, ""
            )
        elif code == DENIED and self._unread.allows_one():
            group, id = (repr(part[:_MAX_SHOWN]) for part in place[1:])
            where = f"{group}, item {id}" if place.id else group
            self._report(
                LogLevel.DEBUG, f"canAccess denied a client the group {where} of the stream {name}", _SOURCE, ""
            )
