"""One debugger at work: its connection, and the one to the process that it inspects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import anyio

FAREWELL_SECONDS = 2.0
"""What a debugger that is asked to attach anew has to take its leave of the process."""
_CHUNK_BYTES = 64 * 1024
_MAX_HEAD_BYTES = 4 * 1024
_HEAD_OF_ADAPTERS = b"Content-Length:"
_LENGTH = re.compile(rb"Content-Length: *(\d+)", re.IGNORECASE)
# debugpy itself asks its clients to attach anew only where it has dialled them, so it is asked in its place.
_ATTACH_ANEW = b'{"seq":0,"type":"event","event":"terminated","body":{"restart":true}}'
_FAREWELL = b"Content-Length: %d\r\n\r\n%s" % (len(_ATTACH_ANEW), _ATTACH_ANEW)


class Framing:
    """Where in the messages of the Debug Adapter Protocol a stream of bytes is."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    @property
    def is_between_messages(self) -> bool:
        """True when another message may follow."""
        return not self._left and not self._head

    def feed(self, data: bytes) -> None:
        """Goes on by these bytes; after what is no such message it is never between two."""
        while data:
            if self._left:
                self._left, data = max(0, self._left - len(data)), data[self._left :]
                continue
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            found = _LENGTH.match(head)
            self._left = int(found[1]) if end and found else 0
            self._head = b"" if self._left else head[:_MAX_HEAD_BYTES]


class Inspection:
    """Carries bytes both ways, and knows how to part a debugger from a process that is replaced."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes over the connection of the debugger."""
        self._reader = reader
        self._writer = writer
        self._process: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._carrying = anyio.CancelScope()
        self._framing: Framing | None = None
        """Of what the process says; None for a debugger that does not speak the Debug Adapter Protocol."""
        self._is_leaving = False
        self._is_told = False

    async def dial(self, host: str, port: int) -> bool:
        """Connects to a process; false when it is not there."""
        try:
            self._process = await asyncio.open_connection(host, port)
        except OSError:
            return False
        return True

    def hang_up(self) -> None:
        """Ends the connection to the process, if there is one."""
        if self._process is not None:
            self._process[1].close()
            self._process = None

    async def carry(self) -> None:
        """Returns when either side has ended its connection, or the debugger has left; at once without a process."""
        if self._process is None:
            return
        reader, writer = self._process
        with self._carrying:
            async with anyio.create_task_group() as ways:

                async def until_its_end(way: Callable[[], Awaitable[None]]) -> None:
                    with suppress(ConnectionError):
                        await way()
                    ways.cancel_scope.cancel()

                ways.start_soon(until_its_end, partial(self._carry_there, writer))
                ways.start_soon(until_its_end, partial(self._carry_back, reader))

    def leave(self) -> None:
        """Has the debugger leave the process.

        One that speaks the Debug Adapter Protocol is asked to attach anew and gets a moment to detach, so that its
        editor goes on by itself; others see their connection end, which editors take as the sign to try again.
        """
        if self._process is None or self._is_leaving:
            return
        self._is_leaving = True
        if self._framing is None:
            self._carrying.cancel()
            return
        self._carrying.deadline = anyio.current_time() + FAREWELL_SECONDS
        self._tell(self._framing)

    def close(self) -> None:
        """Ends both connections; what was written before still arrives."""
        self.hang_up()
        self._writer.close()

    async def _carry_there(self, writer: asyncio.StreamWriter) -> None:
        data = await self._reader.read(_CHUNK_BYTES)
        if data.startswith(_HEAD_OF_ADAPTERS):
            self._framing = Framing()
        while data:
            writer.write(data)
            await writer.drain()
            data = await self._reader.read(_CHUNK_BYTES)

    async def _carry_back(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            self._writer.write(data)
            if self._framing is not None:
                self._framing.feed(data)
                self._tell(self._framing)
            await self._writer.drain()

    def _tell(self, framing: Framing) -> None:
        """Asks a debugger that is leaving to attach anew, once, and between two messages."""
        if self._is_leaving and not self._is_told and framing.is_between_messages:
            self._is_told = True
            self._writer.write(_FAREWELL)
