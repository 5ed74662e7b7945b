"""A load at a given rate, in a process of its own: python -m bench.harness.pacing PLAN, a line of JSON an interval.

Requests are due at even distances, whatever the server does. One that no connection is free for waits here, and its
latency counts from when it was due, so that a server that stands still cannot hide it. Without a rate each connection
sends as soon as it is answered.
"""

from __future__ import annotations

import json
import math
import select
import socket
import sys
import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from bench.harness import BenchFault
from bench.harness.sockets import PING, PONG, RECEIVE_BYTES, TEXT, connected, end_of_frame, joined, masked

SETTLE_SECONDS = 10.0
"""The longest pause after which what has not come at the end counts as lost."""
STUCK_SECONDS = 30.0
"""The longest time without any answer after which the server is given up."""
_STEPS = 100
"""Of latencies to a factor of e: a bucket is 1% wide."""
_BUCKETS = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is sent again and again; `body` is the JSON of a POST, None for a GET."""

    path: str
    body: str | None = None

    def encode(self) -> bytes:
        """As it goes over a connection that stays open."""
        method, body = ("GET", b"") if self.body is None else ("POST", self.body.encode())
        head = f"{method} {self.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent: `mix` in turns, `rate` requests a second or None for as many as are answered; `round` beside it.

    Each of `intervals` is of so many `seconds`, and gives a `Figures`; the last one waits for what is under way.
    So many `sockets` have joined the `place`.
    """

    url: str
    mix: Sequence[Asked]
    rate: float | None
    intervals: Sequence[float]
    connections: int
    sockets: int
    place: Mapping[str, str]
    round: Asked
    rounds_a_second: float


@dataclass(frozen=True, slots=True)
class Figures:
    """An interval: latencies in milliseconds from when a request was due, `processor` the share of a core we took.

    `requests` were answered; `failed` counts answers that were no success. What has no answer at the very end counts
    in both. `waiting` requests were due and not yet sent at the end.
    `rounds` were sent since the first interval began, of which every socket is to get each: `deliveries` came.
    """

    seconds: float
    requests: int
    failed: int
    waiting: int
    rounds: int
    deliveries: int
    p50: float
    p99: float
    processor: float


class Latencies:
    """Counts by latency: what a long run needs does not grow, and nothing is sorted while it goes on."""

    def __init__(self) -> None:
        self._counts = array("L", bytes(8 * _BUCKETS))
        self.total = 0

    def add(self, seconds: float) -> None:
        """Counts one."""
        microseconds = max(1.0, seconds * 1e6)
        self._counts[min(_BUCKETS - 1, int(math.log(microseconds) * _STEPS))] += 1
        self.total += 1

    def share(self, share: float) -> float:
        """The milliseconds that so large a share took at most; 0 when there was none."""
        left = share * self.total
        for bucket, count in enumerate(self._counts):
            left -= count
            if left <= 0 and count:
                return math.exp((bucket + 1) / _STEPS) / 1000
        return 0.0


class _Connection:
    """Carries one request at a time, which was due at `due`."""

    def __init__(self, url: str) -> None:
        self.socket = connected(url)
        self.due = 0.0
        self._received = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status once the answer is there as a whole. Raises `BenchFault` when the server has hung up."""
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            raise BenchFault("the server has closed a connection")
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        _, _, length = head.lower().partition(b"content-length:")
        if len(body) < int(length.split(b"\r\n", 1)[0] or 0):
            return None
        self._received = b""
        return int(head.split(b" ", 2)[1])


class Pacing:
    """The connections and sockets of a plan, and how far it has come."""

    def __init__(self, plan: Plan, connections: Sequence[_Connection], sockets: Sequence[socket.socket]) -> None:
        self._mix = [asked.encode() for asked in plan.mix]
        self._round = plan.round.encode()
        self._connections = {each.socket.fileno(): each for each in connections}
        self._sockets = {each.fileno(): each for each in sockets}
        self._rests: dict[int, bytes] = {}
        self._idle = list(connections)
        self._poll = select.epoll()
        for number in (*self._connections, *self._sockets):
            self._poll.register(number, select.EPOLLIN)
        self._distance = 1 / plan.rate if plan.rate else 0.0
        self._round_distance = 1 / plan.rounds_a_second
        self._due = self._round_due = self._answered = time.monotonic()
        self._sent = self._failed = self._rounds = self._deliveries = 0
        self._latencies = Latencies()

    def run(self, seconds: float, *, is_last: bool) -> Figures:
        """Goes on for so long, and at last until what is under way has come.

        Raises `BenchFault` when the server hangs up or answers nothing any more.
        """
        self._failed = 0
        self._latencies = Latencies()
        began, used = time.monotonic(), time.process_time()
        while (now := time.monotonic()) < began + seconds:
            self._send(now)
            self._await(min(self._next(now), began + seconds) - now)
            if now > self._answered + STUCK_SECONDS:
                raise BenchFault(f"no answer for {STUCK_SECONDS:g} s")
        took, found = now - began, self._latencies
        unanswered = self._settle() if is_last else 0
        waiting = int((now - self._due) / self._distance) if self._distance and now > self._due else 0
        share = (time.process_time() - used) / took
        requests, failed = found.total + unanswered, self._failed + unanswered
        percentiles = found.share(0.5), found.share(0.99)
        return Figures(took, requests, failed, waiting, self._rounds, self._deliveries, *percentiles, share)

    def _settle(self) -> int:
        """Sends nothing more, and waits until all is answered and delivered, or nothing has come for long.

        Gives how many requests are without an answer.
        """
        before, moved = (0, 0), time.monotonic()
        while self._is_under_way() and time.monotonic() < moved + SETTLE_SECONDS:
            self._await(SETTLE_SECONDS)
            if (now := (self._latencies.total, self._deliveries)) != before:
                before, moved = now, time.monotonic()
        return len(self._connections) - len(self._idle)

    def _is_under_way(self) -> bool:
        return len(self._idle) < len(self._connections) or self._deliveries < self._rounds * len(self._sockets)

    def _send(self, now: float) -> None:
        """Sends what is due on the connections that are free."""
        if self._idle and self._round_due <= now:
            self._idle.pop().send(self._round, self._round_due)
            self._round_due += self._round_distance
            self._rounds += 1
        while self._idle and (self._due <= now or not self._distance):
            due = self._due if self._distance else now
            self._idle.pop().send(self._mix[self._sent % len(self._mix)], due)
            self._sent += 1
            self._due += self._distance

    def _next(self, now: float) -> float:
        """When something is to be sent next; without a free connection not before an answer."""
        if not self._idle:
            return now + 1
        return min(self._due, self._round_due) if self._distance else self._round_due

    def _await(self, seconds: float) -> None:
        # `select` on the one descriptor, since `epoll` waits for whole milliseconds: too coarse for what is due.
        if not select.select([self._poll], (), (), max(0.0, seconds))[0]:
            return
        for number, _ in self._poll.poll(0):
            if number in self._connections:
                self._take(self._connections[number])
            else:
                self._hear(number)

    def _take(self, connection: _Connection) -> None:
        status = connection.receive()
        if status is None:
            return
        self._answered = time.monotonic()
        self._latencies.add(self._answered - connection.due)
        self._failed += not 200 <= status < 300
        self._idle.append(connection)

    def _hear(self, number: int) -> None:
        """Counts whole frames and answers pings; what is left of a frame waits for the rest of it."""
        data = self._sockets[number].recv(RECEIVE_BYTES)
        if not data:
            raise BenchFault("the server has closed a socket")
        data = self._rests.pop(number, b"") + data
        at = 0
        while (end := end_of_frame(data, at)) is not None:
            if data[at] == PING:
                self._sockets[number].sendall(masked(PONG, data[at + 2 : end]))
            elif data[at] != TEXT:
                raise BenchFault(f"a socket got {data[at:end][:300]!r}")
            else:
                self._deliveries += 1
            at = end
        if at < len(data):
            self._rests[number] = data[at:]


def main() -> int:
    """Carries out the plan of the first argument; 1 when the server does not hold, and why on stderr."""
    given = json.loads(sys.argv[1])
    mix, asked = [Asked(**each) for each in given.pop("mix")], Asked(**given.pop("round"))
    plan = Plan(mix=mix, round=asked, **given)
    try:
        with ExitStack() as held:
            sockets = [held.enter_context(joined(plan.url, plan.place)) for _ in range(plan.sockets)]
            connections = [_Connection(plan.url) for _ in range(plan.connections)]
            for each in connections:
                held.enter_context(each.socket)
            pacing = Pacing(plan, connections, sockets)
            for number, seconds in enumerate(plan.intervals, 1):
                print(json.dumps(asdict(pacing.run(seconds, is_last=number == len(plan.intervals)))), flush=True)
    except (BenchFault, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
