"""One application for all that comes to the HTTP port: who gets a request, by its kind and its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.web.control.answers import PREFIX
from runtime.web.server import Application

READS = (f"{PREFIX}/streams", f"{PREFIX}/text")


def front(
    edge: Application,
    sockets: Application,
    reads: Application | None,
    control: Application | None,
    probes: Mapping[str, Application],
    is_taken: Callable[[str], bool],
) -> Application:
    """Gives sockets, reads of streams and texts, and control routes to their applications, the rest to the edge.

    A socket may come to any path; below those of the control routes these judge who asks for it.
    Where one is None, its paths are the edge's as well; so is the path of a probe where `is_taken`, by a step.
    """
    below = f"{PREFIX}/"
    places = tuple(f"{path}/" for path in READS)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and ((path := scope["path"]).startswith(below) or path == PREFIX):
            if reads is not None and (path.startswith(places) or path in READS):
                return await (reads if scope["type"] == "http" else sockets)(scope, receive, send)
            if control is not None:
                return await control(scope, receive, send)
        elif scope["type"] == "http" and path in probes and not is_taken(path):
            return await probes[path](scope, receive, send)
        if scope["type"] == "websocket":
            return await sockets(scope, receive, send)
        return await edge(scope, receive, send)

    return serve
