"""Who may come in to streams: one rule for sockets and reads, of names, of origins and of whom the project knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.responses import Response

from runtime.config import StreamSettings
from runtime.errors import AccessDenied
from runtime.model import LogLevel
from runtime.rations import Ration
from runtime.services.logs import Report
from runtime.web.callers import Hosts, foreign_origins, header_of, headers_of, host_of, url_of
from runtime.web.control.answers import PREFIX
from runtime.web.problem import problem

_MAX_TOLD_ORIGINS = 100
"""Origins that are told of in the log, each once; who makes up more is not told of."""
_WANTS = {"websocket": "open sockets", "http": "read streams"}


class Access(Protocol):
    """Who may read what."""

    async def authenticate(self, headers: Mapping[str, str | list[str]], url: str) -> bytes:
        """The encoded auth context of a client. Raises `AccessDenied`."""

    async def may_read(self, stream: str, group: str, id: str, context: bytes) -> bool:
        """Whether a client with this context may read an item, or with an empty id a group."""


class Refused(Exception):
    """A request or handshake that is answered with a problem, whose text reaches the client."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self._status = status
        self._headers = headers

    def answer(self) -> Response:
        """The problem."""
        return problem(self._status, str(self), self._headers)


class Entrance:
    """Lets clients in or raises `Refused`."""

    def __init__(
        self,
        access: Access,
        allows: Callable[[str], bool],
        hosts: Hosts | None,
        settings: StreamSettings,
        report: Report,
        source: str,
    ) -> None:
        """`allows` tells which pages of other origins may come in; `hosts` under which names, None for all. `source`
        is whose lines the log's are."""
        self._access = access
        self._allows = allows
        self._hosts = hosts
        self._report = report
        self._source = source
        self._told_origins: set[str] = set()
        self._denied = Ration(settings.max_malformed_reports)

    def check(self, scope: Any) -> None:
        """Raises `Refused` for who calls by a name that may be anybody's, and for pages of origins not allowed.

        Programs may open sockets by any name, but where reads are: what has no Origin is no page. Of reads that cannot
        be told, for browsers leave the Origin out where a page reads from where it came from.
        """
        host, wanted = host_of(scope), _WANTS[scope["type"]]
        is_for_programs = scope["type"] == "websocket" and not scope["path"].startswith(f"{PREFIX}/")
        may_be_page = not is_for_programs or header_of(scope, b"origin") != ""
        if may_be_page and self._hosts is not None and not self._hosts.trust(host):
            fix = "call it by localhost, or add the name to control.allowedHosts in runtime.yaml"
            raise Refused(403, f"nobody may {wanted} of the host '{host}'; {fix}")
        for origin in foreign_origins(scope):
            if not self._allows(origin):
                self._tell_of_origin(origin, wanted)
                fix = "add it to http.cors.origins in runtime.yaml to let them"
                raise Refused(403, f"pages of '{origin}' may not {wanted}; {fix}")

    async def identify(self, scope: Any, trace_id: str) -> bytes:
        """The encoded auth context of a client. Raises `Refused` without a reason, which is for the log."""
        try:
            return await self._access.authenticate(headers_of(scope), url_of(scope))
        except AccessDenied as denied:
            is_refused = denied.status == 401
            if self._denied.allows_one():
                level = LogLevel.WARN if is_refused else LogLevel.ERROR
                self._report(level, str(denied), self._source, trace_id)
            why = f"this project does not let you {_WANTS[scope['type']]}"
            unknown = "who you are cannot be asked now; try again"
            raise Refused(denied.status, why if is_refused else unknown) from denied

    def _tell_of_origin(self, origin: str, wanted: str) -> None:
        if origin in self._told_origins or len(self._told_origins) >= _MAX_TOLD_ORIGINS:
            return
        self._told_origins.add(origin)
        fix = "to let them, add it to http.cors.origins in runtime.yaml"
        self._report(LogLevel.WARN, f"a page of '{origin}' wanted to {wanted} and was refused; {fix}", self._source, "")
