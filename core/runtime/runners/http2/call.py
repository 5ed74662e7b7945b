"""One call on a connection: messages in both directions, each held up by who does not read."""

from __future__ import annotations

import asyncio
from collections import deque

import anyio

from runtime.runners.http2.frames import window_update
from runtime.runners.http2.headers import CallFault, Status
from runtime.runners.http2.messages import PREFIX, PREFIX_BYTES, Messages
from runtime.runners.http2.windows import ReceiveWindow, SendWindow
from runtime.runners.http2.wire import Wire

READ_AHEAD_BYTES = 256 * 1024
"""What may come of a call before it is read: more would let megabytes of chunks stand in the pipe before a small
envelope, a single chunk would make each wait until the one before it has been read."""
_WRITE_BYTES = 256 * 1024
"""What is handed to the transport at a time, so that one that is full holds little more."""


class Call:
    """A stream of a connection. One task may read it, and one may write."""

    def __init__(self, id: int, wire: Wire, window: int) -> None:
        """`window` is how many bytes the other side takes at first."""
        self.id = id
        self.window = SendWindow(window)
        self.is_ended = False
        """True when nothing more comes."""
        self.is_within = False
        """True while a message has gone out in part."""
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._messages = Messages()
        self._inbox: deque[bytes] = deque()
        self._held = 0
        self._receiving = ReceiveWindow(READ_AHEAD_BYTES)
        self._is_broken = False
        self._fault: CallFault | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    # ------------------------------------------------------------ for whoever serves the call

    async def read(self) -> bytes | None:
        """The next message; None at the end. Raises `CallFault` behind the last one if the other side is at fault."""
        while not self._inbox:
            if self._fault is not None:
                raise self._fault
            if self.is_ended:
                return None
            self._consume(self._held)  # else a message longer than the window would never come whole
            self._reader = self._loop.create_future()
            await self._reader
        message = self._inbox.popleft()
        self._consume(min(self._held, PREFIX_BYTES + len(message)))
        return message

    async def write(self, message: bytes) -> None:
        """Sends a message; returns when there is room for the next. Raises `anyio.BrokenResourceError`."""
        if not self.offer(message):
            await self._write_pieces(memoryview(PREFIX.pack(0, len(message)) + message))
        if not self._has_room():
            await self._room()

    def offer(self, message: bytes) -> bool:
        """Sends a message at once if there is room for all of it; False where there is not. Not beside `write`."""
        size = PREFIX_BYTES + len(message)
        if not self._has_room() or size > min(self.window.left, self._wire.window.left, _WRITE_BYTES):
            return False
        self.window.left -= size
        self._wire.send_data(self.id, PREFIX.pack(0, len(message)) + message)
        return True

    async def _write_pieces(self, left: memoryview) -> None:
        while left:
            await self._room()
            size = min(len(left), self.window.left, self._wire.window.left, _WRITE_BYTES)
            self.window.left -= size
            self._wire.send_data(self.id, left[:size])
            left = left[size:]
            self.is_within = len(left) > 0

    def _has_room(self) -> bool:
        wire = self._wire
        return self.window.left > 0 and wire.window.left > 0 and not (wire.is_paused or self._is_broken)

    async def _room(self) -> None:
        while not self._has_room():
            if self._is_broken:
                raise anyio.BrokenResourceError
            self._writer = self._loop.create_future()
            await self._writer

    # ------------------------------------------------------------ for the connection

    def receive(self, data: bytes, size: int) -> None:
        """Takes a piece of the stream, `size` bytes with its padding. Raises `CallFault` and `ConnectionFault`."""
        self._receiving.take(size)
        self._held += size
        try:
            self._inbox.extend(self._messages.feed(data))
        finally:
            self._tell_reader()

    def end(self) -> None:
        """Nothing more comes. Raises `CallFault` when a message has come in part."""
        self.is_ended = True
        self._tell_reader()
        if not self._messages.is_between:
            raise CallFault(Status.INTERNAL, "the stream ends within a message")

    def break_off(self, fault: CallFault | None = None) -> None:
        """Nothing more comes or goes; what has come is still there to be read, and then the fault, if it is one."""
        self._fault = self._fault or fault
        self.is_ended = self._is_broken = True
        self._tell_reader()
        self.tell_writer()

    def tell_writer(self) -> None:
        """Has whoever waits to write look again."""
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def _tell_reader(self) -> None:
        reader = self._reader
        if reader is None or reader.done():
            return
        if self._inbox or self.is_ended:
            reader.set_result(None)
        else:
            self._consume(self._held)

    def _consume(self, size: int) -> None:
        self._held -= size
        more = self._receiving.consume(size)
        if more and not self.is_ended:
            self._wire.send(window_update(self.id, more))
