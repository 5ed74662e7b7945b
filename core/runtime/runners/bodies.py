"""Response bodies that arrive while their handlers are still producing them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.errors import BodyLost
from runtime.model import Failure, Outcome, Payload, TriggerKind
from runtime.runners.convert import read_failure
from runtime.runners.outbox import Outbox
from runtime.runners.run import Run
from runtime.runners.transfers import ProtocolFault


class StreamedBody:
    """One body, for one reader; what has come and was not asked for yet waits here."""

    def __init__(self, passed_on: Callable[[int], None], cancel: Callable[[], None]) -> None:
        """`passed_on` hears how many bytes the reader is done with, `cancel` that nobody reads on."""
        self.unread = 0
        """Bytes that have come and were not passed on."""
        self._waiting = bytearray()
        self._taken = 0
        self._passed_on = passed_on
        self._cancel = cancel
        self._ended = False
        self._stopped = False
        self._failure: Failure | None = None
        self._news: asyncio.Future[None] | None = None

    def __aiter__(self) -> StreamedBody:
        return self

    async def __anext__(self) -> bytes:
        """All that has come since the last piece. Raises `BodyLost` at the end of a body that is cut off."""
        self._let_go()
        while not self._waiting:
            if self._failure is not None:
                raise BodyLost(self._failure)
            if self._ended:
                raise StopAsyncIteration
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        piece = bytes(self._waiting)
        self._waiting.clear()
        self._taken = len(piece)
        return piece

    def stop(self) -> None:
        """Asks the handler to stop and forgets what it still sends; without effect once the body has ended."""
        self._waiting.clear()
        if not self._ended and not self._stopped:
            self._stopped = True
            self._cancel()

    def add(self, data: bytes) -> None:
        """Takes the next bytes."""
        self.unread += len(data)
        if not self._stopped:
            self._waiting += data
            self._wake()

    def end(self, failure: Failure | None = None) -> None:
        """Takes the end; with a failure the body is not whole."""
        self._ended = True
        self._failure = failure
        self._wake()

    def _let_go(self) -> None:
        # Whoever asks for the next piece is done with the one before.
        size, self._taken = self._taken, 0
        if size and not self._ended and not self._stopped:
            self.unread -= size
            self._passed_on(size)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


class _Open(NamedTuple):
    """A body under way, and the run that produces it."""

    id: int
    run: Run
    body: StreamedBody


class Bodies:
    """The bodies that are under way on a connection, bounded in number and each in its unread bytes."""

    def __init__(self, settings: LinkSettings, outbox: Outbox) -> None:
        self._window = settings.body_window_bytes
        self._max_open = settings.max_bodies
        self._outbox = outbox
        self._open: dict[int, _Open] = {}
        self.runs: dict[int, Run] = {}
        """Those whose bodies are under way, by their ids."""

    def begin(self, result: pb.Result, run: Run, head: Payload, cancel: Callable[[], None], *, is_agreed: bool) -> None:
        """Ends the run for its caller, who gets the body to read; for the runner it goes on until the last piece.

        Raises `ProtocolFault` where there may be no body, or none more.
        """
        if not is_agreed:
            raise ProtocolFault("a result has a streamed body, which was not agreed on")
        if run.invocation.kind is not TriggerKind.API or result.HasField("failure"):
            raise ProtocolFault("a result has a streamed body, but it answers no request")
        body = self._begun(result.body_transfer, result.invocation_id, run, cancel)
        if not run.is_awaited:
            body.stop()
        run.end(Outcome(head, body=body))

    def _begun(self, transfer: int, id: int, run: Run, cancel: Callable[[], None]) -> StreamedBody:
        if transfer in self._open:
            raise ProtocolFault(f"a result names transfer {transfer}, which is another body")
        if len(self._open) >= self._max_open:
            raise ProtocolFault(f"more than {self._max_open} bodies are under way at once")
        body = StreamedBody(_Reads(self._outbox, transfer, self._window), cancel)
        self._open[transfer] = _Open(id, run, body)
        self.runs[id] = run
        return body

    def add(self, chunk: pb.Chunk) -> bool:
        """Takes a piece; False when it belongs to no body. Raises `ProtocolFault` over the window."""
        opened = self._open.get(chunk.transfer)
        if opened is None:
            return False
        opened.body.add(chunk.data)
        if opened.body.unread > self._window:
            raise ProtocolFault(f"more than {self._window} bytes of body {chunk.transfer} came before they were read")
        if chunk.last or chunk.HasField("aborted"):
            del self._open[chunk.transfer], self.runs[opened.id]
            opened.body.end(read_failure(chunk.aborted) if chunk.HasField("aborted") else None)
        return True

    def lose(self, failure: Failure) -> None:
        """Ends every body with this failure."""
        opened, self._open, self.runs = self._open, {}, {}
        for each in opened.values():
            each.body.end(failure)


class _Reads:
    """Tells the runner what its reader is done with, half a window at a time: an envelope a piece would cost more."""

    def __init__(self, outbox: Outbox, transfer: int, window: int) -> None:
        self._outbox = outbox
        self._transfer = transfer
        self._least = (window + 1) // 2
        self._untold = 0

    def __call__(self, size: int) -> None:
        self._untold += size
        if self._untold >= self._least:
            read = self._outbox.add().body_read
            read.transfer = self._transfer
            read.bytes = self._untold
            self._untold = 0
