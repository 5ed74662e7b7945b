"""The sockets of streams, on any path: who may open one, and what is told of those who may not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from runtime.catalog import Catalog
from runtime.config import StreamSettings
from runtime.errors import AccessDenied, HostCallRefused, StorageFault
from runtime.model import LogLevel
from runtime.services.logs import Report
from runtime.services.rooms import Rooms
from runtime.web.callers import Hosts, foreign_origins, header_of, headers_of, host_of, url_of
from runtime.web.control_problem import problem
from runtime.web.conversation import Access, Conversation
from runtime.web.websocket import OUTLET

_SOURCE = "sockets"
_MINUTE = 60.0
_MAX_TOLD_ORIGINS = 100
"""Origins that are told of in the log, each once; who makes up more is not told of."""


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
        self._allows = allows
        self._settings = settings
        self._report = report
        self._hosts = hosts
        self._open = 0
        self._told_origins: set[str] = set()
        self._malformed = _Ration(settings.max_malformed_reports)
        self._denied = _Ration(settings.max_malformed_reports)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one socket; returns when its connection has ended."""
        await receive()
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        self._open += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._open -= 1

    def _refusal(self, scope: Any) -> Response | None:
        if self._open >= self._settings.max_sockets:
            detail = f"{self._open} sockets are open, which is the limit (streams.maxSockets); try again"
            return problem(503, detail, {"retry-after": "1"})
        for origin in foreign_origins(scope):
            if not self._allows(origin):
                self._tell_of_origin(origin)
                fix = "add it to http.cors.origins in runtime.yaml to let them"
                return problem(403, f"pages of '{origin}' may not open sockets; {fix}")
        if header_of(scope, b"origin") and self._hosts is not None and not self._hosts.trust(host_of(scope)):
            fix = "add it to control.allowedHosts in runtime.yaml to let them"
            return problem(403, f"pages may not open sockets under the name '{host_of(scope)}'; {fix}")
        return None

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            context = await self._access.authenticate(headers_of(scope), url_of(scope))
        except AccessDenied as denied:
            await self._deny(denied)(scope, receive, send)
            return
        offered = scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
        outlet = scope["extensions"][OUTLET]
        conversation = Conversation(self._rooms, self._access, self._settings, self._knows, context, outlet)
        try:
            fault = await conversation.hold(receive)
        except (HostCallRefused, StorageFault) as error:
            self._report(LogLevel.ERROR, f"a socket was closed: {error}", _SOURCE, "")
        else:
            if fault is not None and self._malformed.allows_one():
                self._report(LogLevel.WARN, f"a socket sent what no client may and was closed: {fault}", _SOURCE, "")
        await conversation.end()
        await outlet.lost.wait()

    def _knows(self, stream: str) -> bool:
        return stream in self.catalog.streams

    def _deny(self, denied: AccessDenied) -> Response:
        """The client gets no detail, the log has it."""
        is_refused = denied.status == 401
        if self._denied.allows_one():
            self._report(LogLevel.WARN if is_refused else LogLevel.ERROR, str(denied), _SOURCE, "")
        detail = "this project does not let you connect" if is_refused else "who you are cannot be asked now; try again"
        return problem(denied.status, detail)

    def _tell_of_origin(self, origin: str) -> None:
        if origin in self._told_origins or len(self._told_origins) >= _MAX_TOLD_ORIGINS:
            return
        self._told_origins.add(origin)
        fix = "to let them, add it to http.cors.origins in runtime.yaml"
        self._report(LogLevel.WARN, f"a page of '{origin}' wanted a socket and was refused; {fix}", _SOURCE, "")


class _Ration:
    """So many in any minute."""

    def __init__(self, count: int) -> None:
        self._moments: deque[float] = deque(maxlen=count)

    def allows_one(self) -> bool:
        """Takes one, where one is left."""
        now = asyncio.get_running_loop().time()
        if self._moments.maxlen == 0:
            return False
        if len(self._moments) == self._moments.maxlen and now - self._moments[0] < _MINUTE:
            return False
        self._moments.append(now)
        return True
