"""The writes of one run of an atomic step, held until it returns and then committed as one.

A change is applied twice. At the call it makes what the handler sees: the value that was stored when the run first
touched the key, under all that the run has done since. At the commit it makes what is kept, of the value that is
stored then: increments of two runs at a time add up. What follows a change is made of what the commit has done.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from runtime.contracts import Clock, Engine
from runtime.errors import HostCallRefused
from runtime.records import Delivery, Notice, Publication, StateWrite, StreamChange
from runtime.services.bus import BusService
from runtime.services.held_stores import HeldState, HeldStreams
from runtime.services.journal import ENDED, Journal
from runtime.services.state import Expect, StateService
from runtime.services.streams import Listener, StreamService
from runtime.services.textstreams import TextService


class Services(NamedTuple):
    """What a handler's writes go through."""

    bus: BusService
    state: StateService
    streams: StreamService
    texts: TextService


class HeldWrites:
    """What one run of an atomic step has written: only the run sees it until the commit, in `state` and `streams`.

    It holds at most `max_held_writes` writes, and as many bytes of names, values and events as
    `max_held_bytes`; what a value was before it was replaced again counts too, because the commit writes it.
    """

    def __init__(self, engine: Engine, clock: Clock, expect: Expect, max_held_writes: int, max_held_bytes: int) -> None:
        """`expect` hears, after the commit, until when its values stay."""
        self._journal = Journal(max_held_writes, max_held_bytes)
        self._standing = engine.events.standing
        self._expect = expect
        self._over = False
        self._services: Services | None = None
        self._sent: dict[tuple[str, str], str] = {}
        self.state = HeldState(engine.state, clock, self._journal)
        self.streams = HeldStreams(engine.streams, clock, self._journal)

    def bind(self, services: Services) -> Services:
        """The same services over this run's writes, made once; texts are written at once all the same.

        Raises `HostCallRefused` when the run has ended.
        """
        self._journal.require_open()
        if self._services is None:
            self._services = Services(
                services.bus.over(self),
                services.state.over(self.state),
                services.streams.over(self.streams, partial(self._send, services.streams.tell)),
                services.texts,
            )
        return self._services

    async def publish(self, publication: Publication) -> str:
        """Holds an event and returns its id, or that of the one which stands for it by its idempotency key."""
        event, _, key = publication
        self._journal.add(publication, len(event.topic) + len(event.data) + len(key))
        if not key:
            return event.id
        stands = self._sent.get((event.topic, key)) or self._standing(event.topic, key) or event.id
        return self._sent.setdefault((event.topic, key), stands)

    def _send(self, tell: Listener, change: StreamChange) -> None:
        """Holds a passing event of a stream."""
        size = len(change.group) + len(change.id) + len(change.data)
        self._journal.add(Notice(partial(tell, change)), size)

    async def commit(self, engine: Engine, delivery: Delivery) -> None:
        """Ends the run and carries out its writes, what follows from them and the acknowledgement as one.

        Raises what `Engine.commit` raises; nothing has happened then, and it may be called again. Raises
        `HostCallRefused` when the writes were committed or dropped before.
        """
        if self._over:
            raise HostCallRefused(ENDED)
        writes = self._journal.close()
        try:
            await engine.commit(writes, delivery)
        finally:  # also for who stops waiting: what was written is stored all the same
            for write in writes:
                if isinstance(write, StateWrite) and (until := write.until or write.until_if_new):
                    self._expect(until)
        self.drop()

    def drop(self) -> None:
        """Forgets the writes and refuses what the run still asks for; without effect once they are committed."""
        self._over = True
        self._journal.empty()
        self._services = None  # they refer to this object, and a circle would stay until the garbage collector comes
