"""How long a client may take to take what it is sent over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import anyio

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.web.cut import CutOff

PORTION_BYTES = 64 * 1024
"""So much is handed to the server at once: what waits behind that for a client is in memory once for all."""


class Patience:
    """A `send` of ASGI that gives up a client which takes nothing for as long as one may leave a ping unanswered."""

    def __init__(self, send: Any, clock: Clock, settings: StreamSettings) -> None:
        self._send = send
        self._clock = clock
        self._seconds = settings.ping_interval + settings.ping_timeout

    async def __call__(self, message: Any) -> None:
        """Sends on. Raises `CutOff` when what was sent before still waits by then."""
        scope = anyio.CancelScope()
        timer = self._clock.call_at(self._clock.now() + self._seconds, scope.cancel)
        try:
            with scope:
                await self._send(message)
                return
        finally:
            timer.cancel()
        raise CutOff


def portions(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in portions: small pieces together, large ones apart."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        for begin in range(0, len(piece), PORTION_BYTES):
            part = piece[begin : begin + PORTION_BYTES]
            if size + len(part) > PORTION_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
            gathered.append(part)
            size += len(part)
    if gathered:
        yield b"".join(gathered)
