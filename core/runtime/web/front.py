"""One application for all that comes to the HTTP port: who gets a request, by its kind and its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.contracts import Reply
from runtime.web.control.answers import PREFIX
from runtime.web.server import Application
from runtime.web.whole import AtOnce

READS = (f"{PREFIX}/streams", f"{PREFIX}/text")
_BELOW = f"{PREFIX}/"
_PLACES = tuple(f"{path}/" for path in READS)


class Front:
    """Gives sockets, reads of streams and texts, and control routes to their applications, the rest to the edge.

    A socket may come to any path; below those of the control routes these judge who asks for it.
    """

    def __init__(
        self,
        edge: Application,
        sockets: Application,
        reads: Application | None,
        control: Application | None,
        probes: Mapping[str, Application],
        is_taken: Callable[[str], bool],
        edge_at_once: AtOnce | None = None,
    ) -> None:
        """Where one is None, its paths are the edge's as well; so is the path of a probe where `is_taken`, by a step.

        `edge_at_once` is the edge for those who call it by `at_once`.
        """
        self._edge = edge
        self._sockets = sockets
        self._reads = reads
        self._control = control
        self._probes = probes
        self._is_taken = is_taken
        self._edge_at_once = edge_at_once

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Gives one connection, of ASGI, to whom it belongs."""
        await self._owner(scope["type"], scope.get("path", ""))(scope, receive, send)

    def at_once(
        self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes, reply: Reply
    ) -> Callable[[], None] | None:
        """Gives a request to the edge that can be begun there at once; None for others."""
        if self._edge_at_once is None or self._owner("http", path) is not self._edge:
            return None
        return self._edge_at_once(method, path, query, headers, body, reply)

    def _owner(self, kind: str, path: str) -> Application:
        if kind == "lifespan":
            return self._edge
        if path.startswith(_BELOW) or path == PREFIX:
            if self._reads is not None and (path.startswith(_PLACES) or path in READS):
                return self._reads if kind == "http" else self._sockets
            if self._control is not None:
                return self._control
        elif kind == "http" and path in self._probes and not self._is_taken(path):
            return self._probes[path]
        return self._sockets if kind == "websocket" else self._edge
