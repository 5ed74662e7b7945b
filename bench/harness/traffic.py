"""What users do meanwhile: requests on connections that stay open, events, sockets; all of it counted."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.harness import BenchFault

CONNECTIONS = 32
EVENTS_A_SECOND = 200
SOCKETS = 20
_PAUSE = 0.05
"""Between an answer and the next request of its connection, so that the load leaves room for what is measured."""
_DRAIN_SECONDS = 30.0


@dataclass(slots=True)
class Counts:
    """What has been done, and what went wrong with it."""

    requests: int = 0
    emitted: int = 0
    handled: int = 0
    faults: list[str] = field(default_factory=list)
    dropped: int = 0


class _Connection:
    """A connection that stays open; a client library would be the larger part of the load."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> _Connection:
        """Connects."""
        return cls(*await asyncio.open_connection(host, port))

    async def ask(self, method: str, path: str, body: bytes) -> int:
        """The status of the answer. Raises `BenchFault` when there is none."""
        head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        self._writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        try:
            answer = await self._reader.readuntil(b"\r\n\r\n")
            _, _, length = answer.lower().partition(b"content-length:")
            await self._reader.readexactly(int(length.split(b"\r\n")[0]) if length else 0)
        except (OSError, EOFError, ValueError) as error:
            raise BenchFault(f"{method} {path} was not answered: {error!r}") from error
        return int(answer.split(b" ", 2)[1])

    def close(self) -> None:
        """Ends it."""
        self._writer.close()


class Traffic:
    """Requests, events and sockets against one server, until it is stopped."""

    def __init__(self, url: str, paths: tuple[str, ...]) -> None:
        self.counts = Counts()
        self._url = url
        self._paths = paths
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Goes on until `stop`; then waits until every event is handled. Raises `BenchFault` when they are not."""
        host, port = self._url.removeprefix("http://").split(":")
        async with AsyncExitStack() as held:
            sockets = [await held.enter_async_context(connect(f"ws://{host}:{port}/")) for _ in range(SOCKETS)]
            for number, socket in enumerate(sockets):
                data = {"streamName": "board", "groupId": "all", "subscriptionId": str(number)}
                await socket.send(json.dumps({"type": "join", "data": data}))
            async with asyncio.TaskGroup() as tasks:
                for number in range(CONNECTIONS):
                    tasks.create_task(self._ask(host, int(port), self._paths[number % len(self._paths)]))
                tasks.create_task(self._emit(host, int(port)))
            self.counts.dropped = [await _lives(socket) for socket in sockets].count(False)
        await self._await_events()

    def stop(self) -> None:
        """Ends the load."""
        self._stop.set()

    async def _ask(self, host: str, port: int, path: str) -> None:
        connection = await _Connection.open(host, port)
        while not self._stop.is_set():
            await self._request(connection, "GET", path, b"", 200)
            self.counts.requests += 1
            await asyncio.sleep(_PAUSE)
        connection.close()

    async def _emit(self, host: str, port: int) -> None:
        """Emits one after the other, as many as are due."""
        connection = await _Connection.open(host, port)
        began = time.perf_counter()
        while not self._stop.is_set():
            while self.counts.emitted < (time.perf_counter() - began) * EVENTS_A_SECOND:
                body = json.dumps({"n": self.counts.emitted}).encode()
                await self._request(connection, "POST", "/emit", body, 202)
                self.counts.emitted += 1
            await asyncio.sleep(1 / EVENTS_A_SECOND)
        connection.close()

    async def _request(self, connection: _Connection, method: str, path: str, body: bytes, wanted: int) -> None:
        """Counts an answer that is not the wanted one; a connection that breaks ends the load."""
        status = await connection.ask(method, path, body)
        if status != wanted:
            self.counts.faults.append(f"{method} {path}: {status}")

    async def _await_events(self) -> None:
        deadline = time.perf_counter() + _DRAIN_SECONDS
        async with httpx.AsyncClient(base_url=self._url) as client:
            while self.counts.handled < self.counts.emitted and time.perf_counter() < deadline:
                self.counts.handled = (await client.get("/count")).json()["count"]
                await asyncio.sleep(_PAUSE)
        if self.counts.handled != self.counts.emitted:
            raise BenchFault(f"{self.counts.emitted} events were emitted and {self.counts.handled} handled")


async def _lives(socket: ClientConnection) -> bool:
    try:
        await asyncio.wait_for(await socket.ping(), 5)
    except Exception as error:  # whatever is wrong with it, it does not live
        print(f"a socket was dropped: {error!r}")
        return False
    return True
