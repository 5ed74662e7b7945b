"""One HTTP/2 connection that serves gRPC, as a protocol of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from runtime.runners.http2 import frames
from runtime.runners.http2.call import READ_AHEAD_BYTES
from runtime.runners.http2.calls import MAX_CALLS, Accept, Calls
from runtime.runners.http2.frames import Code, ConnectionFault, Flag, Kind, Setting
from runtime.runners.http2.headers import MAX_HEADER_BYTES, CallFault, HeaderReader, Status
from runtime.runners.http2.windows import MAX_WINDOW_BYTES, WINDOW_BYTES, ReceiveWindow
from runtime.runners.http2.wire import Wire
from runtime.tasks import ShortTasks

CALL_WITHIN_SECONDS = 20.0
"""What a connection has for its first call."""
CLOSE_WITHIN_SECONDS = 1.0
"""What the other side has to read our last words."""
_CONNECTION_BYTES = MAX_CALLS * READ_AHEAD_BYTES
_PING_BYTES = 8
_PRIORITY_BYTES = 5
_SETTINGS = {
    Setting.MAX_CONCURRENT_STREAMS: MAX_CALLS,
    Setting.INITIAL_WINDOW_SIZE: READ_AHEAD_BYTES,
    Setting.MAX_FRAME_SIZE: frames.MAX_FRAME_BYTES,
    Setting.MAX_HEADER_LIST_SIZE: MAX_HEADER_BYTES,
}


class Connection(asyncio.Protocol):
    """Acts on frames, for as long as they keep to the rules."""

    def __init__(self, accept: Accept, serving: ShortTasks, connections: set[Connection]) -> None:
        """Calls are served by tasks of `serving`; `connections` holds this one for as long as it is open."""
        self._accept = accept
        self._serving = serving
        self._connections = connections
        self._frames = frames.FrameReader()
        self._headers = HeaderReader()
        self._receiving = ReceiveWindow(_CONNECTION_BYTES)
        self._only: Kind | None = Kind.SETTINGS
        """What has to come next; None when anything may."""
        self._loop = asyncio.get_running_loop()
        self._lost = self._loop.create_future()
        self._timer: asyncio.TimerHandle
        self._kinds: Mapping[int, Callable[[int, int, bytes], None]] = {
            Kind.DATA: self._on_data,
            Kind.HEADERS: self._on_headers,
            Kind.PRIORITY: self._on_priority,
            Kind.RST_STREAM: self._on_rst_stream,
            Kind.SETTINGS: self._on_settings,
            Kind.PUSH_PROMISE: self._on_push_promise,
            Kind.PING: self._on_ping,
            # GOAWAY and what is unknown ask for nothing.
            Kind.WINDOW_UPDATE: self._on_window_update,
            Kind.CONTINUATION: self._on_continuation,
        }

    # ------------------------------------------------------------ what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets, without waiting to be greeted."""
        self._wire = Wire(cast(asyncio.Transport, transport))
        self._calls = Calls(self._wire, self._accept, self._serving)
        self._connections.add(self)
        self._wire.send(frames.settings(_SETTINGS) + frames.window_update(0, _CONNECTION_BYTES - WINDOW_BYTES))
        self._timer = self._loop.call_later(CALL_WITHIN_SECONDS, self._close)

    def data_received(self, data: bytes) -> None:
        """Acts on every frame that has come whole; a fault ends the connection."""
        if self._wire.is_closed:
            return
        try:
            for kind, flags, stream, body in self._frames.feed(data):
                if self._only is not None and kind != self._only:
                    raise ConnectionFault(Code.PROTOCOL_ERROR, f"frame {kind} came where {self._only.name} must be")
                act = self._kinds.get(kind)
                if act is not None:
                    act(flags, stream, body)
        except ConnectionFault as fault:
            self._close(fault.code, str(fault), CallFault(Status.INTERNAL, str(fault)))

    def pause_writing(self) -> None:
        """Lets nobody write."""
        self._wire.pause()

    def resume_writing(self) -> None:
        """Lets everybody write."""
        self._wire.resume()
        self._calls.tell_writers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends every call; what has come of them is still read."""
        self._wire.is_closed = True
        self._timer.cancel()
        self._connections.discard(self)
        self._calls.break_off()
        self._lost.set_result(None)

    # ------------------------------------------------------------ the end

    async def leave(self) -> None:
        """Says goodbye, ends every call and returns when the connection is gone, soon, whoever reads or not."""
        self._close()
        await asyncio.wait([self._lost])

    def _close(self, code: Code = Code.NO_ERROR, text: str = "", fault: CallFault | None = None) -> None:
        self._calls.break_off(fault)
        if not self._wire.is_closed:
            self._timer.cancel()
            self._wire.send(frames.goaway(self._calls.last, code, text))
            self._wire.close()
            self._timer = self._loop.call_later(CLOSE_WITHIN_SECONDS, self._wire.abort)

    # ------------------------------------------------------------ frames of calls

    def _on_data(self, flags: int, stream: int, body: bytes) -> None:
        size = len(body)
        # What stands unread is bounded by the windows of the calls; the connection's is opened in any case.
        self._receiving.take(size)
        more = self._receiving.consume(size)
        if more:
            self._wire.answer(frames.window_update(0, more))
        call = self._calls.get(stream, "data")
        if call is None:
            return
        if call.is_ended:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"data behind the end of stream {stream}")
        self._calls.receive(call, frames.unpadded(flags, body), size)
        if flags & Flag.END_STREAM:
            self._calls.end_request(call)

    def _on_headers(self, flags: int, stream: int, body: bytes) -> None:
        if not stream % 2:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"headers for stream {stream}, which no client may open")
        self._on_block(self._headers.begin(stream, flags, body))

    def _on_continuation(self, flags: int, stream: int, body: bytes) -> None:
        if self._only is not Kind.CONTINUATION or stream != self._headers.stream:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a CONTINUATION that continues nothing")
        self._on_block(self._headers.go_on(flags, body))

    def _on_block(self, headers: Mapping[str, str] | None) -> None:
        """Acts on headers once they have come whole: those of a call, or those at the end of its request."""
        self._only = Kind.CONTINUATION if headers is None else None
        if headers is None:
            return
        stream, is_last = self._headers.stream, self._headers.ends_stream
        if stream > self._calls.last:
            if self._calls.begin(stream, headers, is_whole=is_last):
                self._timer.cancel()
        elif not is_last and self._calls.get(stream, "headers") is not None:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"headers in the middle of stream {stream}")
        call = self._calls.get(stream, "headers")
        if call is not None and is_last:
            self._calls.end_request(call)

    def _on_rst_stream(self, flags: int, stream: int, body: bytes) -> None:
        frames.number(body)
        self._calls.reset(stream)

    def _on_priority(self, flags: int, stream: int, body: bytes) -> None:
        if len(body) != _PRIORITY_BYTES:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"a PRIORITY of {len(body)} bytes")

    def _on_push_promise(self, flags: int, stream: int, body: bytes) -> None:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a client promises to push")

    def _on_window_update(self, flags: int, stream: int, body: bytes) -> None:
        more = frames.number(body) & MAX_WINDOW_BYTES
        if not more:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a window that grows by nothing")
        if not stream:
            self._wire.window.grow(more)
            self._calls.tell_writers()
        elif (call := self._calls.get(stream, "a window")) is not None:
            call.window.grow(more)
            call.tell_writer()

    # ------------------------------------------------------------ frames of the connection

    def _on_settings(self, flags: int, stream: int, body: bytes) -> None:
        if stream or (flags & Flag.ACK and body):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS of a stream, or an acknowledgement that says more")
        self._only = None
        if flags & Flag.ACK:
            return
        for name, value in frames.read_settings(body):
            self._set(name, value)
        self._wire.answer(frames.frame(Kind.SETTINGS, Flag.ACK, 0))

    def _set(self, name: int, value: int) -> None:
        if name == Setting.INITIAL_WINDOW_SIZE:
            if value > MAX_WINDOW_BYTES:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, f"a first window of {value} bytes")
            self._calls.resize(value)
        elif name == Setting.MAX_FRAME_SIZE:
            if not frames.LEAST_MAX_FRAME_BYTES <= value <= frames.MOST_MAX_FRAME_BYTES:
                raise ConnectionFault(Code.PROTOCOL_ERROR, f"frames of at most {value} bytes")
            self._wire.max_frame_bytes = value
        elif name == Setting.ENABLE_PUSH and value > 1:
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"a push setting of {value}")

    def _on_ping(self, flags: int, stream: int, body: bytes) -> None:
        if len(body) != _PING_BYTES or stream:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a PING that is none")
        if not flags & Flag.ACK:
            self._wire.answer(frames.frame(Kind.PING, Flag.ACK, 0, body))
