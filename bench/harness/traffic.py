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
_PAUSE = 0.02
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
                tasks.create_task(self._emit())
            self.counts.dropped = [await _lives(socket) for socket in sockets].count(False)
        await self._await_events()

    def stop(self) -> None:
        """Ends the load."""
        self._stop.set()

    async def _ask(self, host: str, port: int, path: str) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        request = f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
        while not self._stop.is_set():
            writer.write(request)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
            except (OSError, EOFError, ValueError) as error:
                self.counts.faults.append(f"{path}: {error!r}")
                return
            self.counts.requests += 1
            if b" 200 " not in head[:20]:
                self.counts.faults.append(f"{path}: {head[:60]!r}")
            await asyncio.sleep(_PAUSE)
        writer.close()

    async def _emit(self) -> None:
        began = time.perf_counter()
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            while not self._stop.is_set():
                due = int((time.perf_counter() - began) * EVENTS_A_SECOND) - self.counts.emitted
                numbers = range(self.counts.emitted, self.counts.emitted + due)
                answers = await asyncio.gather(*(client.post("/emit", json={"n": n}) for n in numbers))
                self.counts.faults += [f"/emit: {each.status_code}" for each in answers if each.status_code != 202]
                self.counts.emitted += due
                await asyncio.sleep(_PAUSE)

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
