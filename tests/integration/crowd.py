"""Clients that watch, while steps of both languages change what they watch."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.integration.project import RunningProject, eventually, running
from tests.integration.stream_clients import Clients, address, started

GROUPS = [f"group {number}" for number in range(5)]
IDS = [str(number) for number in range(400)]
"""So many that most changes are the last or the last but one of their item: a later one would hide what was missed."""
BATCH = 250
"""Changes that one call of a step makes."""
PATIENCE = 60.0
_WRITERS_EACH = 2

FILES = {
    "package.json": "{}",
    "steps/notes.stream.ts": "export const config = { name: 'notes', schema: { type: 'object' } }",
    "steps/change.step.ts": """
        export const config = { type: 'api', name: 'ChangeTs', method: 'POST', path: '/ts' }
        export const handler = async ({ body: { changes } }, { streams }) => {
          const lane = async () => {
            for (let next; (next = changes.pop()); ) await streams.notes[next[0]](...next.slice(1))
          }
          await Promise.all([lane(), lane(), lane(), lane()])
          return { status: 200, body: {} }
        }
    """,
    "steps/change_step.py": """
import asyncio
config = {"type": "api", "name": "ChangePy", "method": "POST", "path": "/py"}
async def handler(req, ctx):
    async def lane():
        while req.body.changes:
            call, *given = req.body.changes.pop()
            await getattr(ctx.streams.notes, call)(*given)
    await asyncio.gather(lane(), lane(), lane(), lane())
    return {"status": 200, "body": {}}
""",
    "steps/look.step.ts": """
        export const config = { type: 'api', name: 'Look', method: 'POST', path: '/look' }
        export const handler = async ({ body }, { streams }) => {
          const seen = {}
          for (const group of body.groups) seen[group] = await streams.notes.getGroup(group)
          return { status: 200, body: seen }
        }
    """,
    "steps/mark.step.ts": """
        export const config = { type: 'api', name: 'Mark', method: 'POST', path: '/mark' }
        export const handler = async ({ body }, { streams }) => {
          const event = { type: 'mark', data: body.mark }
          for (const [groupId, id] of body.places) await streams.notes.send({ groupId, id }, event)
          return { status: 200, body: {} }
        }
    """,
}


class Crowd:
    """The clients, and who writes."""

    def __init__(self, clients: Clients, seed: int) -> None:
        self.chance = random.Random(seed)
        self._clients = clients
        self._mark = 0
        self._size = 0
        self._watched: set[tuple[str, ...]] = set()

    def open(self, count: int) -> None:
        """Lets so many more clients watch."""
        places = [self._places(number) for number in range(self._size, self._size + count)]
        self._watched.update(*places)
        self._clients.ask("open", places=places)
        self._size += count

    def cut(self, count: int) -> None:
        """Breaks the connections of so many clients; they come back by themselves."""
        self._clients.ask("cut", clients=self.chance.sample(range(self._size), count))

    def settle(self, project: RunningProject) -> None:
        """Returns when every subscription has heard everything there was.

        Marks go the way of the changes, behind them. Who was away when one was sent hears a later one.
        """

        def all_hear() -> bool:
            self._mark += 1
            project.client.post("/mark", json={"mark": self._mark, "places": sorted(self._watched)}).raise_for_status()
            return eventually(lambda: self._clients.ask("unheard", mark=self._mark) == 0, 1)

        assert eventually(all_hear, PATIENCE), "some subscription hears nothing any more"

    def differences(self, project: RunningProject) -> Any:
        """The first few places where a client's view is not what the store holds."""
        groups = project.client.post("/look", json={"groups": GROUPS}).raise_for_status().json()
        store = {group: [_as_seen(item) for item in items] for group, items in groups.items()}
        assert any(store.values())
        return self._clients.ask("differences", store=store)

    def _places(self, number: int) -> list[tuple[str, ...]]:
        """Each client watches a group and an item of it, and items of other groups."""
        own = GROUPS[number % len(GROUPS)]
        others = [(self.chance.choice(GROUPS), self.chance.choice(IDS)) for _ in range(2)]
        return [(own,), (own, self.chance.choice(IDS)), *others]


class Writers:
    """Threads that have steps of both languages make changes, once more where the server was killed meanwhile."""

    def __init__(self, seed: int, changes: int) -> None:
        self._chance = random.Random(seed)
        self._left = [[self._change() for _ in range(BATCH)] for _ in range(changes // BATCH)]
        self._batches, self._done = len(self._left), 0
        self._url: str | None = None
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._write, args=[path], daemon=True)
            for path in ("/ts", "/py")
            for _ in range(_WRITERS_EACH)
        ]
        for thread in self._threads:
            thread.start()

    def go(self, url: str | None) -> None:
        """Says where the server is, None while there is none."""
        with self._changed:
            self._url = url
            self._changed.notify_all()

    def wait_for(self, share: float) -> None:
        """Returns when this share of all changes is made. Raises `AssertionError` when nothing comes of it."""
        wanted = share * self._batches
        with self._changed:
            assert self._changed.wait_for(lambda: self._done >= wanted, PATIENCE), f"{self._done} batches are made"

    def join(self) -> None:
        """Returns when every change is made."""
        self.wait_for(1)
        for thread in self._threads:
            thread.join()

    def _write(self, path: str) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while (batch := self._take()) is not None:
                url, changes = batch
                try:
                    client.post(f"{url}{path}", json={"changes": changes}).raise_for_status()
                except httpx.HTTPError:
                    self._give_back(changes)
                else:
                    self._count()

    def _take(self) -> tuple[str, list[Any]] | None:
        """The next changes, once there is a server for them; None when all are made."""
        with self._changed:
            self._changed.wait_for(lambda: self._done == self._batches or (self._left and self._url))
            return (self._url, self._left.pop()) if self._left and self._url else None

    def _give_back(self, changes: list[Any]) -> None:
        """Raises the failure on, unless the server was taken away in the meantime."""
        with self._changed:
            if self._url is not None:
                raise
            self._left.append(changes)

    def _count(self) -> None:
        with self._changed:
            self._done += 1
            self._changed.notify_all()

    def _change(self) -> list[Any]:
        place = [self._chance.choice(GROUPS), self._chance.choice(IDS)]
        dice, number = self._chance.random(), self._chance.randrange(1_000_000)
        if dice < 0.2:
            return ["delete", *place]
        if dice < 0.6:
            return ["set", *place, {"number": number, "text": "x" * (number % 50)}]
        return ["update", *place, [{"op": "increment", "path": "count", "value": 1}]]


@contextmanager
def crowd(project: RunningProject, seed: int) -> Iterator[Crowd]:
    """Node clients of the project, in one process, none of which watches yet."""
    with started("crowd.mjs", address(project)) as clients:
        yield Crowd(clients, seed)


def restarted(root: Path, url: str) -> Any:
    """The project once more, at the address where it was."""
    return running(root, "--port", url.rpartition(":")[2])


def _as_seen(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "__motia"}
