"""Many WebSockets that have joined one group, and the rounds that are broadcast to them."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import time
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from bench.harness import BenchFault

OPEN_SECONDS = 10.0
"""The longest that one socket may take to open and join."""
QUIET_SECONDS = 10.0
"""The longest time without a delivery after which a server is given up."""
OUTSTANDING = 2
"""Rounds that are under way at once, so that neither the server nor we wait for the other in between."""

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
RECEIVE_BYTES = 256 * 1024
_ROUND = b'"round":'
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Broadcasts:
    """One run: deliveries a second, and milliseconds from the request of a round to a delivery of it."""

    rate: float
    p50: float
    p99: float


def middle(runs: list[Broadcasts]) -> Broadcasts:
    """The median of each figure."""
    return Broadcasts(*(median(getattr(run, figure) for run in runs) for figure in ("rate", "p50", "p99")))


class Audience:
    """Sockets that have joined, and connections to ask for rounds on."""

    def __init__(self, sockets: list[socket.socket], askers: list[socket.socket], path: str) -> None:
        self._sockets = {each.fileno(): each for each in sockets}
        self._askers = {each.fileno(): each for each in askers}
        self._path = path
        self._left: dict[int, set[int]] = {}
        """Of each round, the sockets that have not got it."""
        self._asked: dict[int, float] = {}
        self._rest: dict[int, bytes] = {}
        self._latencies = array("d")

    def hear(self, seconds: float) -> Broadcasts:
        """Has rounds broadcast for so long, the next as soon as an earlier one has reached everybody.

        Raises `BenchFault` when a socket is closed, a request fails or a delivery is missing.
        """
        began = time.monotonic()
        until, last = began + seconds, began
        idle = list(self._askers.values())
        with select.epoll() as poll:
            for number in (*self._sockets, *self._askers):
                poll.register(number, select.EPOLLIN)
            while self._left or time.monotonic() < until:
                while idle and len(self._left) < OUTSTANDING and time.monotonic() < until:
                    self._ask(idle.pop())
                ready = poll.poll(QUIET_SECONDS)
                if not ready:
                    raise BenchFault(f"nothing moved for {QUIET_SECONDS:g} s; {self._left} deliveries are missing")
                for number, _ in ready:
                    if number in self._askers:
                        idle.append(self._answered(self._askers[number]))
                    else:
                        self._receive(number)
                last = time.monotonic()
        latencies = sorted(self._latencies)
        share = len(latencies) / (last - began)
        return Broadcasts(share, latencies[len(latencies) // 2] * 1000, latencies[len(latencies) * 99 // 100] * 1000)

    def _ask(self, connection: socket.socket) -> None:
        number = len(self._asked)
        # Digits before the number, so that every frame has the same length and the number the same place.
        body = json.dumps({"round": 10**_DIGITS + number, "text": "x" * 100})
        head = f"POST {self._path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        self._asked[number] = time.monotonic()
        self._left[number] = set(self._sockets)
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def _answered(self, connection: socket.socket) -> socket.socket:
        answer = connection.recv(RECEIVE_BYTES)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise BenchFault(f"a round was answered with {answer[:300]!r}")
        return connection

    def _receive(self, number: int) -> None:
        """Counts the deliveries of whole frames; what is left of a frame waits for the rest of it."""
        data = self._sockets[number].recv(RECEIVE_BYTES)
        now = time.monotonic()
        if not data:
            raise BenchFault("a socket was closed without a word")
        data = self._rest.pop(number, b"") + data
        at = 0
        while (end := end_of_frame(data, at)) is not None:
            self._take(number, data, at, end, now)
            at = end
        if at < len(data):
            self._rest[number] = data[at:]

    def _take(self, number: int, data: bytes, begin: int, end: int, now: float) -> None:
        if data[begin] == PING:
            self._sockets[number].sendall(masked(PONG, data[begin + 2 : end]))
            return
        found = data.find(_ROUND, begin, end)
        if data[begin] != TEXT or found < 0:
            raise BenchFault(f"a socket got {data[begin:end][:300]!r}")
        first = found + len(_ROUND)
        if data[first] == 0x20:
            first += 1
        numbered = int(data[first + 1 : first + 1 + _DIGITS])
        self._latencies.append(now - self._asked[numbered])
        left = self._left.get(numbered, set())
        if number not in left:
            raise BenchFault(f"a socket got round {numbered} twice")
        left.remove(number)
        if not left:
            del self._left[numbered]


@contextmanager
def audience(url: str, size: int, path: str, place: Mapping[str, str]) -> Iterator[Audience]:
    """Opens so many sockets, each in the place once this is entered. Raises `BenchFault` when one cannot be."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(joined(url, place)) for _ in range(size)]
        askers = [stack.enter_context(connected(url)) for _ in range(OUTSTANDING)]
        yield Audience(sockets, askers, path)


def joined(url: str, place: Mapping[str, str]) -> socket.socket:
    """A socket that has joined the place and got what there is. Raises `BenchFault` when it cannot."""
    connection = connected(url)
    key = base64.b64encode(os.urandom(16)).decode()
    offer = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    connection.sendall(f"GET / HTTP/1.1\r\nHost: bench\r\n{offer}{key}\r\n\r\n".encode())
    answer = connection.recv(RECEIVE_BYTES)
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise BenchFault(f"{url} answered the offer of a socket with {answer[:300]!r}")
    join = {"type": "join", "data": {**place, "subscriptionId": key}}
    connection.sendall(masked(TEXT, json.dumps(join).encode()))
    synced = answer.partition(b"\r\n\r\n")[2]
    while end_of_frame(synced, 0) is None:
        received = connection.recv(RECEIVE_BYTES)
        if not received:
            raise BenchFault(f"{url} closed a socket that joined")
        synced += received
    if b'"sync"' not in synced:
        raise BenchFault(f"{url} answered a join with {synced[:300]!r}")
    return connection


def connected(url: str) -> socket.socket:
    """A connection to a server, which sends at once."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=OPEN_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def end_of_frame(data: bytes, at: int) -> int | None:
    """Where the frame that begins here ends, None when it is not all there (RFC 6455, section 5.2)."""
    have = len(data) - at
    if have < 2:
        return None
    length, head = data[at + 1] & 0x7F, 2
    if length > 125:
        head = 4 if length == 126 else 10
        length = int.from_bytes(data[at + 2 : at + head], "big")
    return at + head + length if have >= head + length else None


def masked(kind: int, content: bytes) -> bytes:
    """A frame of a client; a mask of zeros leaves the content as it is."""
    length = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + len(content).to_bytes(2, "big")
    return bytes([kind]) + length + bytes(4) + content
