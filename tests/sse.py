"""A reader of server-sent events, as strict as a browser's (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx


class ServerSent(NamedTuple):
    """An event as a page's listener gets it."""

    name: str
    id: str
    data: str

    @property
    def json(self) -> Any:
        """The data, which are JSON."""
        return json.loads(self.data)


class EventSource:
    """One connection; `last_id` is what a browser would name when it comes back."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self.comments = 0
        self._chunks = response.aiter_text()
        self._lines: deque[str] = deque()
        self._rest = ""

    async def next(self) -> ServerSent:
        """The next event. Raises `StopAsyncIteration` at the end of the connection."""
        name, data = "", ""
        while line := await self._line_behind_empty(data == ""):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data += value + "\n"
            elif field == "id":
                self.last_id = value
        return ServerSent(name or "message", self.last_id, data.removesuffix("\n"))

    async def take(self, count: int) -> list[ServerSent]:
        """So many events."""
        return [await self.next() for _ in range(count)]

    async def comment(self) -> None:
        """Waits for one comment more than there were, with no event before it."""
        seen = self.comments
        while self.comments == seen:
            assert await self._line() in ("", ":")

    async def _line_behind_empty(self, nothing_yet: bool) -> str:
        """The next line; without data, an empty one ends no event."""
        line = await self._line()
        while nothing_yet and line in ("", ":"):
            line = await self._line()
        return line

    async def _line(self) -> str:
        while not self._lines:
            *lines, self._rest = (self._rest + await anext(self._chunks)).split("\n")
            self._lines.extend(lines)
        line = self._lines.popleft()
        assert "\r" not in line, "a browser takes it for the end of a line"
        self.comments += line.startswith(":")
        return line


@asynccontextmanager
async def events(
    client: httpx.AsyncClient, path: str, last_id: str | None = None, **headers: str
) -> AsyncIterator[EventSource]:
    """The events of a path, for the time of the context."""
    asked = {"accept": "text/event-stream", **headers, **({} if last_id is None else {"last-event-id": last_id})}
    async with client.stream("GET", path, headers=asked) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield EventSource(response)
