"""A request that came whole and is answered by a call: what stands in the place of uvicorn's cycle meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from runtime.contracts import Reply
from runtime.web.onewrite import Application

AtOnce = Callable[[str, str, bytes, list[tuple[bytes, bytes]], bytes, Reply], Callable[[], None] | None]
"""Begins to answer a request, by its method, path, query, headers and body.

Returns what is to be called where nobody can be answered any more; None for a request that it does not take.
"""


class Connection(Protocol):
    """Where such a request came from."""

    transport: Any

    def send_whole(self, request: WholeRequest, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends its answer."""

    def go_on(self, request: WholeRequest, application: Application) -> None:
        """Has an application send its answer."""


class _Nobody:
    """Nobody waits for more of a request that is whole."""

    def set(self) -> None:
        """Wakes nobody."""


class WholeRequest:
    """The reply to such a request; the names without a docstring are those of uvicorn's `RequestResponseCycle`."""

    __slots__ = ("_connection", "disconnected", "keep_alive", "leave", "response_complete", "scope")

    more_body = False
    response_started = False
    message_event = _Nobody()

    def __init__(self, connection: Connection, scope: Any) -> None:
        self._connection: Connection | None = connection
        self.scope = scope
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False
        self.leave: Callable[[], None] | None = None
        """What is called when nobody can be answered any more."""

    @property
    def is_open(self) -> bool:
        """Until it has its answer, or somebody else answers it."""
        return self._connection is not None

    @property
    def has_left(self) -> bool:
        """Whether the client has gone."""
        return self.disconnected

    def send(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends the one answer."""
        if self.keep_alive:
            self.response_complete = True
            self._close().send_whole(self, status, headers, body)
        else:
            self.go_on(_sending(status, headers, body))  # which ends the connection

    def go_on(self, application: Application) -> None:
        """Has this ASGI application send the answer instead, in a task."""
        self._close().go_on(self, application)

    def abort(self) -> None:
        """Ends the connection, with no answer."""
        self.disconnected = self.response_complete = True
        if self.leave is not None:
            self.leave()
        self._close().transport.abort()

    def _close(self) -> Connection:
        """Lets go of all that it refers to: a circle would wait for the garbage collector."""
        connection = self._connection
        assert connection is not None
        self._connection = self.leave = None
        return connection


def _sending(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Application:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve
