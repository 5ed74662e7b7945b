"""uvicorn's HTTP protocol with one system call an answer: writing was a fifth of the core's work."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_JOINED_BYTES = 16 * 1024
"""What is longer is written at once: copying it would cost more than the system call."""


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
    """uvicorn's HTTP protocol over a transport that joins writes."""

    def connection_made(self, transport: Any) -> None:
        """Begins a connection."""
        joining: Any = _JoiningTransport(transport)
        super().connection_made(joining)
