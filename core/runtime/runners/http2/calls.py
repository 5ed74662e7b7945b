"""The calls of one connection: who serves them, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.runners.http2.call import Call
from runtime.runners.http2.frames import Code, ConnectionFault, Flag, Kind, frame, rst_stream
from runtime.runners.http2.headers import RESPONSE_HEAD, CallFault, Status, trailers
from runtime.runners.http2.windows import WINDOW_BYTES
from runtime.runners.http2.wire import Wire
from runtime.tasks import ShortTasks

MAX_CALLS = 4
"""Calls of one connection that may be served at once."""

Serve = Callable[[Call], Coroutine[Any, Any, None]]
"""Serves one call; when it returns, the call ends well."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is not served, and why."""

    status: Status
    message: str


Accept = Callable[[Mapping[str, str]], Serve | Refusal]
"""Says by a request's headers who serves it."""


class Calls:
    """Keeps every call until one of the two sides has ended it."""

    def __init__(self, wire: Wire, accept: Accept, serving: ShortTasks) -> None:
        """Each call is served by a task of `serving`."""
        self.last = 0
        """The newest stream that was opened."""
        self._wire = wire
        self._accept = accept
        self._serving = serving
        self._served = 0
        self._window = WINDOW_BYTES
        self._open: dict[int, Call] = {}

    def get(self, id: int, what: str) -> Call | None:
        """The call of a stream; None where it has ended. Raises `ConnectionFault` where it was never opened."""
        call = self._open.get(id)
        if call is None and (id > self.last or not id % 2):
            raise ConnectionFault(Code.PROTOCOL_ERROR, f"{what} for stream {id}, which was never opened")
        return call

    # ------------------------------------------------------------ beginnings

    def begin(self, id: int, headers: Mapping[str, str], *, is_whole: bool) -> bool:
        """True when the call is served from now on; `is_whole` when its request has ended with the headers."""
        self.last = id
        if self._served >= MAX_CALLS:
            self._wire.answer(rst_stream(id, Code.REFUSED_STREAM))
            return False
        accepted = self._accept(headers)
        if isinstance(accepted, Refusal):
            block = trailers(accepted.status, accepted.message, is_all=True)
            self._wire.answer(_last_frames(id, block, is_whole=is_whole))
            return False
        self._wire.answer(frame(Kind.HEADERS, Flag.END_HEADERS, id, RESPONSE_HEAD))
        call = self._open[id] = Call(id, self._wire, self._window)
        self._served += 1
        self._serving.start(self._serve(call, accepted))
        return True

    async def _serve(self, call: Call, serve: Serve) -> None:
        status = Status.INTERNAL
        try:
            await serve(call)
            status = Status.OK
        finally:
            self._served -= 1
            self._answer(call, status)

    # ------------------------------------------------------------ ends

    def receive(self, call: Call, data: bytes, size: int) -> None:
        """Gives the call a piece of its request, `size` bytes with what surrounds it; a fault of gRPC's ends it."""
        try:
            call.receive(data, size)
        except CallFault as fault:
            self._fail(call, fault)

    def end_request(self, call: Call) -> None:
        """Nothing more comes of its request."""
        try:
            call.end()
        except CallFault as fault:
            self._fail(call, fault)

    def reset(self, id: int) -> None:
        """The other side has dropped the call."""
        call = self.get(id, "a reset")
        if call is not None:
            del self._open[id]
            call.break_off()

    def break_off(self, fault: CallFault | None = None) -> None:
        """Drops every call: the connection is gone, or will be."""
        calls, self._open = self._open, {}
        for call in calls.values():
            call.break_off(fault)

    def _fail(self, call: Call, fault: CallFault) -> None:
        self._answer(call, fault.status, str(fault))
        call.break_off(fault)

    def _answer(self, call: Call, status: Status, message: str = "") -> None:
        """Ends the call for the other side, unless that has dropped it."""
        if self._open.pop(call.id, None) is None:
            return
        if call.is_within:
            self._wire.send(rst_stream(call.id, Code.CANCEL))
        else:
            block = trailers(status, message, is_all=False)
            self._wire.send(_last_frames(call.id, block, is_whole=call.is_ended))

    # ------------------------------------------------------------ room to write

    def resize(self, window: int) -> None:
        """Windows begin with so many bytes now; those of open calls change with it. Raises `ConnectionFault`."""
        for call in self._open.values():
            call.window.grow(window - self._window)
        self._window = window
        self.tell_writers()

    def tell_writers(self) -> None:
        """Has all who wait to write look again."""
        for call in self._open.values():
            call.tell_writer()


def _last_frames(id: int, block: bytes, *, is_whole: bool) -> bytes:
    """The end of an answer; of a request that goes on, nothing more is wanted."""
    end = frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id, block)
    return end if is_whole else end + rst_stream(id, Code.NO_ERROR)
