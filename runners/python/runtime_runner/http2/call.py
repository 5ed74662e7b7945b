"""The one call of a connection: messages in both directions, as a protocol of the event loop.

grpc.aio does the same in a thread of its own, which wakes the event loop through a socket for every message: without
it a lone request takes a fifth less time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from struct import Struct
from typing import cast

from runtime_runner.http2 import frames
from runtime_runner.http2.frames import CallFault, Flag, Kind, Setting, frame
from runtime_runner.http2.headers import HeaderReader, encode, fault_of
from runtime_runner.http2.records import Records

MAX_MESSAGE_BYTES = 8 << 20
READ_AHEAD_BYTES = 256 * 1024
"""What may be under way to us: more would let megabytes of chunks stand in the pipe before a small envelope."""
PREFIX = Struct(">BI")
"""Of a message: whether it is compressed, and its length."""
_FIRST_WINDOW_BYTES = 64 * 1024 - 1
"""What a window is unless its receiver has said otherwise (RFC 9113, section 6.9.2)."""
_STREAM = 1
_SETTINGS = {
    Setting.ENABLE_PUSH: 0,
    Setting.INITIAL_WINDOW_SIZE: READ_AHEAD_BYTES,
    Setting.MAX_FRAME_SIZE: frames.MAX_FRAME_BYTES,
}


class Call(asyncio.Protocol):
    """Calls as soon as it is connected. One task may write."""

    def __init__(
        self,
        path: str,
        metadata: Mapping[str, str],
        receive: Callable[[bytes], None],
        ended: Callable[[BaseException | None], None],
    ) -> None:
        """`receive` gets each message; `ended` is called once, at the end, after which nothing comes or goes.

        It gets None when the core has ended the call well, or we have; a `CallFault` when not; or what was raised on
        the way of a message to `receive`, or in it.
        """
        self._head = encode(path, metadata)
        self._receive = receive
        self._ended = ended
        self._is_ended = False
        self._has_said_all = False
        self._frames = frames.FrameReader()
        self._headers = HeaderReader()
        self._messages = Records(PREFIX.size, _size_of)
        self._last_flags = 0
        self._last_words = ""
        self._consumed = 0
        self._first_window = self._window = self._connection_window = _FIRST_WINDOW_BYTES
        self._max_frame_bytes = frames.LEAST_MAX_FRAME_BYTES
        self._is_paused = False
        self._writer: asyncio.Future[None] | None = None
        self._kinds: Mapping[int, Callable[[int, int, bytes], None]] = {
            Kind.DATA: self._on_data,
            Kind.HEADERS: self._on_headers,
            Kind.CONTINUATION: self._on_continuation,
            Kind.RST_STREAM: self._on_rst_stream,
            Kind.SETTINGS: self._on_settings,
            Kind.PING: self._on_ping,
            Kind.GOAWAY: self._on_goaway,
            Kind.WINDOW_UPDATE: self._on_window_update,
        }

    # ------------------------------------------------------------ for whoever calls

    async def write(self, message: bytes) -> None:
        """Sends a message; returns when all of it is on its way. Drops it when the call has ended.

        Raises ValueError for one that no core has to take.
        """
        if len(message) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {len(message)} bytes is to go out, and {MAX_MESSAGE_BYTES} are allowed")
        left = memoryview(PREFIX.pack(0, len(message)) + message)
        while left and not (self._is_ended or self._transport.is_closing()):
            room = min(self._window, self._connection_window, self._max_frame_bytes)
            if self._is_paused or room <= 0:
                await self._room()
                continue
            piece, left = left[:room], left[room:]
            self._window -= len(piece)
            self._connection_window -= len(piece)
            self._transport.write(frame(Kind.DATA, 0, _STREAM, piece))

    def end(self) -> None:
        """Says that nothing more will be written."""
        if not (self._is_ended or self._has_said_all):
            self._has_said_all = True
            self._transport.write(frame(Kind.DATA, Flag.END_STREAM, _STREAM))

    def close(self) -> None:
        """Ends the call, unless it has ended; what was written still goes out."""
        self._end(None)

    async def _room(self) -> None:
        self._writer = asyncio.get_running_loop().create_future()
        await self._writer
        self._writer = None

    def _tell_writer(self) -> None:
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    # ------------------------------------------------------------ what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Calls, without waiting to be greeted."""
        self._transport = cast(asyncio.Transport, transport)
        begin = frames.PREFACE + frames.settings(_SETTINGS)
        begin += frames.window_update(0, READ_AHEAD_BYTES - _FIRST_WINDOW_BYTES)
        self._transport.write(begin + frame(Kind.HEADERS, Flag.END_HEADERS, _STREAM, self._head))

    def data_received(self, data: bytes) -> None:
        """Acts on every frame that has come whole."""
        try:
            for kind, flags, stream, body in self._frames.feed(data):
                act = self._kinds.get(kind)
                if act is not None and not self._is_ended:
                    act(flags, stream, body)
        except BaseException as error:  # it may be of a signal handler of the user's, and frames are lost with it
            self._end(error)

    def pause_writing(self) -> None:
        """Lets nobody write."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Lets who waits write."""
        self._is_paused = False
        self._tell_writer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the call, unless that has happened."""
        self._end(CallFault(self._last_words or str(exc or "it closed the connection")))

    def _end(self, error: BaseException | None) -> None:
        if self._is_ended:
            return
        self._is_ended = True
        self._tell_writer()
        with suppress(OSError):  # the connection is lost already
            # Children that user code has forked hold the socket as well, and closing ours alone would end nothing.
            self._transport.write_eof()
        self._transport.close()
        self._ended(error)

    # ------------------------------------------------------------ frames of the call

    def _on_data(self, flags: int, stream: int, body: bytes) -> None:
        self._consumed += len(body)
        if self._consumed * 2 >= READ_AHEAD_BYTES:
            more, self._consumed = self._consumed, 0
            self._transport.write(frames.window_update(0, more) + frames.window_update(_STREAM, more))
        for held, start, end in self._messages.feed(frames.content(flags, body)):
            self._receive(held[start + PREFIX.size : end])
        if flags & Flag.END_STREAM:
            raise CallFault("it ended the call without a status")

    def _on_headers(self, flags: int, stream: int, body: bytes) -> None:
        self._last_flags = flags
        self._on_block(flags, frames.block(flags, body))

    def _on_continuation(self, flags: int, stream: int, body: bytes) -> None:
        self._on_block(flags, body)

    def _on_block(self, flags: int, piece: bytes) -> None:
        self._headers.add(piece)
        if not flags & Flag.END_HEADERS:
            return
        headers = self._headers.end()
        if self._last_flags & Flag.END_STREAM:
            self._end(fault_of(headers))

    def _on_rst_stream(self, flags: int, stream: int, body: bytes) -> None:
        raise CallFault(f"it dropped the call with code {frames.number(body)} of HTTP/2")

    def _on_window_update(self, flags: int, stream: int, body: bytes) -> None:
        if stream:
            self._window += frames.number(body)
        else:
            self._connection_window += frames.number(body)
        self._tell_writer()

    # ------------------------------------------------------------ frames of the connection

    def _on_settings(self, flags: int, stream: int, body: bytes) -> None:
        if flags & Flag.ACK:
            return
        for name, value in frames.read_settings(body):
            if name == Setting.INITIAL_WINDOW_SIZE:
                self._window += value - self._first_window
                self._first_window = value
            elif name == Setting.MAX_FRAME_SIZE:
                self._max_frame_bytes = value
        self._transport.write(frame(Kind.SETTINGS, Flag.ACK, 0))
        self._tell_writer()

    def _on_ping(self, flags: int, stream: int, body: bytes) -> None:
        if not flags & Flag.ACK:
            self._transport.write(frame(Kind.PING, Flag.ACK, 0, body))

    def _on_goaway(self, flags: int, stream: int, body: bytes) -> None:
        # The call may go on to its end; the words are for when it does not.
        self._last_words = frames.last_words(body)


def _size_of(data: bytes, at: int) -> int:
    is_compressed, length = PREFIX.unpack_from(data, at)
    if is_compressed:
        raise CallFault("it sent a compressed message, and was not told that it may")
    if length > MAX_MESSAGE_BYTES:
        raise CallFault(f"it sent a message of {length} bytes, and {MAX_MESSAGE_BYTES} are allowed")
    return PREFIX.size + int(length)
