"""uvicorn's HTTP protocol with one system call an answer: writing was a fifth of the core's work."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_JOINED_BYTES = 16 * 1024
"""What is longer is written at once: copying it would cost more than the system call."""


_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _JoiningTransport:
    """Writes once a turn of the loop; uvicorn writes head and body of an answer apart, a system call each."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if len(self._waiting) + len(data) > _JOINED_BYTES:
            self._flush()
            self._transport.write(data)
            return
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting += data

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting:
            data, self._waiting = self._waiting, bytearray()
            self._transport.write(data)


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol over a transport that joins writes, with a bound on what a request's head may hold."""

    def __init__(self, *arguments: Any, max_header_bytes: int, **more: Any) -> None:
        """Takes what uvicorn gives, and the bound in bytes."""
        super().__init__(*arguments, **more)
        self._max_header_bytes = max_header_bytes
        self._unfinished = 0
        """Bytes of a head whose end has not come."""

    def data_received(self, data: bytes) -> None:
        """Parses what has come; a head that does not end within the bound ends the connection with 431."""
        if len(data) > self._max_header_bytes and self._begins_endless_head(data):
            return self._refuse_head()
        super().data_received(data)
        # uvicorn begins a scope with each head and knows its method at the end.
        if self.scope is not None and "method" in self.scope:
            self._unfinished = 0
            return None
        self._unfinished += len(data)
        return self._refuse_head() if self._unfinished > self._max_header_bytes else None

    def _begins_endless_head(self, data: bytes) -> bool:
        is_between_bodies = self.cycle is None or not self.cycle.more_body
        return is_between_bodies and data.find(b"\r\n\r\n", 0, self._max_header_bytes) < 0

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        """Begins a connection."""
        joining: Any = _JoiningTransport(transport)
        super().connection_made(joining)
