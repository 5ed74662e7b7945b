"""Flow control (RFC 9113, section 5.2): how many bytes each side may send."""

from __future__ import annotations

from runtime.runners.http2.frames import Code, ConnectionFault

WINDOW_BYTES = 64 * 1024 - 1
"""What every window is at first, unless its receiver has said otherwise."""
MAX_WINDOW_BYTES = 2**31 - 1


class SendWindow:
    """What the other side lets us send."""

    __slots__ = ("left",)

    def __init__(self, left: int = WINDOW_BYTES) -> None:
        self.left = left
        """Bytes that may go out; less than none after the other side has made its windows smaller."""

    def grow(self, more: int) -> None:
        """Lets more out, or less. Raises `ConnectionFault`."""
        self.left += more
        if self.left > MAX_WINDOW_BYTES:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, f"a window of more than {MAX_WINDOW_BYTES} bytes")


class ReceiveWindow:
    """What we let the other side send: what has been consumed is given back when it is half the window."""

    __slots__ = ("_consumed", "_left", "_size")

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self._consumed = 0

    def take(self, size: int) -> None:
        """Counts what has come. Raises `ConnectionFault` for more than the window lets in."""
        self._left -= size
        if self._left < 0:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more has come than the window lets in")

    def consume(self, size: int) -> int:
        """Counts what needs no more room; gives by how much the window is to be opened now."""
        self._consumed += size
        if self._consumed * 2 < self._size:
            return 0
        more, self._consumed = self._consumed, 0
        self._left += more
        return more
