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
        self._in_head = True
        self._unparsed = 0
        """Bytes that have come since the last head or body ended; few of them are of a head in most reads."""

    def data_received(self, data: bytes) -> None:
        """Parses what has come; a head that does not end within the bound ends the connection with 431."""
        self._unparsed += len(data)
        super().data_received(data)
        if self._in_head and self._unparsed > self._max_header_bytes:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        """Ends the head."""
        self._in_head = False
        if self._unparsed > self._max_header_bytes and self._head_bytes() > self._max_header_bytes:
            self._refuse_head()
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Makes ready for the next head."""
        self._in_head = True
        self._unparsed = 0
        super().on_message_complete()

    def _head_bytes(self) -> int:
        return sum(len(name) + len(value) for name, value in self.headers)

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        """Begins a connection."""
        joining: Any = _JoiningTransport(transport)
        super().connection_made(joining)
