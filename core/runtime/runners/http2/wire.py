"""The sending half of a connection."""

from __future__ import annotations

import asyncio

from runtime.runners.http2.frames import LEAST_MAX_FRAME_BYTES, Code, ConnectionFault, data_frames
from runtime.runners.http2.windows import SendWindow

MAX_ANSWERS = 1024
"""What may be answered while the other side reads nothing."""


class Wire:
    """What the calls of one connection share to send by."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.window = SendWindow()
        self.max_frame_bytes = LEAST_MAX_FRAME_BYTES
        self.is_paused = False
        """True while the transport holds more than it should."""
        self.is_closed = False
        self._transport = transport
        self._answers = 0

    def send(self, data: bytes) -> None:
        """Hands whole frames to the transport; those for a connection that is closed are dropped."""
        if not self.is_closed:
            self._transport.write(data)

    def send_data(self, stream: int, body: bytes | memoryview) -> None:
        """Sends DATA in frames that the other side takes; both windows must have room for it."""
        self.window.left -= len(body)
        self.send(data_frames(stream, body, self.max_frame_bytes))

    def answer(self, data: bytes) -> None:
        """Sends what the other side has asked for. Raises `ConnectionFault` when it asks on and reads nothing."""
        if self.is_paused:
            self._answers += 1
            if self._answers > MAX_ANSWERS:
                raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "answers are asked for and not read")
        self.send(data)

    def pause(self) -> None:
        """The transport holds enough."""
        self.is_paused = True

    def resume(self) -> None:
        """The transport has room again."""
        self.is_paused = False
        self._answers = 0

    def close(self) -> None:
        """Sends what was handed over, and nothing more; nothing is read any more either."""
        self.is_closed = True
        self._transport.close()

    def abort(self) -> None:
        """Drops the connection, with what is not sent."""
        self.is_closed = True
        self._transport.abort()
