"""What a server of bench/projects/flows, or the peer that does the same, tells about its events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from bench.harness import BenchFault

QUIET_SECONDS = 60.0
"""The longest time without any progress after which a server is given up."""
POLL_SECONDS = 0.02
REQUEST_SECONDS = 330.0


@dataclass(frozen=True, slots=True)
class Noted:
    """What the handlers noted since the last reset; times in milliseconds, None where nothing happened yet.

    `accepted` events are safely kept, `done` ones handled, each counted once; handlers that ran for one of these again
    are `repeated`, which not every peer can tell. `began` and `ended` are on the clock of `time.monotonic`. `lag50`
    and `lag99` are from emit to the handler's start, `chain` is how long the last of `chains` took.
    """

    accepted: int
    done: int
    began: float | None
    ended: float | None
    lag50: float | None
    lag99: float | None
    chains: int
    chain: float | None
    repeated: int = 0

    @property
    def seconds(self) -> float:
        """From the first request, or where there was none the first handler's start, to the end of the last handler."""
        if self.began is None or self.ended is None:
            raise BenchFault("no event was handled")
        return (self.ended - self.began) / 1000


class Flows:
    """A connection that stays open, to a server whose handlers take notes. Use one at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=REQUEST_SECONDS)

    def reset(self) -> None:
        """Forgets what was noted."""
        self._renew()
        self.post("/figures")

    def noted(self) -> Noted:
        """What was noted since the last reset."""
        return Noted(**self._ask("GET", "/figures"))

    def post(self, path: str, sent: Mapping[str, object] | None = None) -> Any:
        """The answer to a POST of JSON. Raises `BenchFault` unless it is a success."""
        return self._ask("POST", path, json.dumps(sent or {}))

    def settle(self) -> Noted:
        """Waits until every accepted event is handled.

        Raises `BenchFault` when nothing moves for long, as after a lost event, and when one was handled twice.
        """
        self._renew()
        # A client that leaves before its answer may still have an event on the way, so the end must show twice.
        noted = self._watch(lambda now, before: now.done >= now.accepted and now == before)
        if noted.repeated or noted.done != noted.accepted:
            counts = f"{noted.done} events were handled of {noted.accepted} accepted, {noted.repeated} more than once"
            raise BenchFault(f"{self.url}: {counts}")
        return noted

    def chain(self, before: int, path: str = "/chains", sent: Mapping[str, object] | None = None) -> float:
        """Milliseconds that a chain took until the end of its last handler; `before` it so many had ended.

        They count from here, or where something else than that is sent, from when the server says it began.
        """
        self.post(path, {"at": time.monotonic() * 1000} if sent is None else sent)
        # Looking at once would take time from the chain.
        time.sleep(POLL_SECONDS)
        noted = self._watch(lambda now, _: now.chains > before)
        assert noted.chain is not None, "a chain that has ended has a figure"
        return noted.chain

    def _renew(self) -> None:
        """Lets the next request open a new connection: servers close one that was idle for as long as a load takes."""
        self._connection.close()

    def _watch(self, is_over: Callable[[Noted, Noted | None], bool]) -> Noted:
        """Looks again and again, until it is over. Raises `BenchFault` when nothing moves for long."""
        before, now, moved = None, self.noted(), time.monotonic()
        while not is_over(now, before):
            if time.monotonic() > moved + QUIET_SECONDS:
                have = f"{now.done} of {now.accepted} accepted events and {now.chains} chains have ended"
                raise BenchFault(f"{self.url}: nothing moved for {QUIET_SECONDS:g} s; {have}")
            time.sleep(POLL_SECONDS)
            before, now = now, self.noted()
            moved = moved if now == before else time.monotonic()
        return now

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        headers = {"content-type": "application/json"} if body else {}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (HTTPException, OSError) as error:
            raise BenchFault(f"{method} {self.url}{path} does not answer as it should: {error!r}") from error
        if not 200 <= response.status < 300:
            raise BenchFault(f"{method} {self.url}{path} answered {response.status}: {content[:500]!r}")
        return json.loads(content)
