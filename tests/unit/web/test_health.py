"""web/health, web/probes: who is told that the runtime lives and can serve, and why it cannot."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from runtime.errors import StorageFault
from runtime.model import RunnerStatus
from runtime.services.metrics import Metrics
from runtime.web.exposition import Counted
from runtime.web.health import Health
from runtime.web.probes import probes
from tests.unit.services.shelf import Shelf


def process(language: str, state: Any = "serving") -> RunnerStatus:
    return RunnerStatus(language, 1, 7, 1, state, 0, None, None, 0, 0.0)


class Broken(Shelf):
    """A storage that cannot be read."""

    def __init__(self) -> None:
        super().__init__()

        async def get(group: str, key: str) -> bytes | None:
            raise StorageFault("the disk is gone: /secret/place")

        self.state.get = get  # type: ignore[method-assign]


class World:
    """Probes over what a test says."""

    def __init__(self, engine: Shelf | None = None) -> None:
        self.languages = {"node", "python"}
        self.processes = [process("node"), process("python")]
        self.is_stopping = False
        health = Health(
            lambda: self.languages, lambda: self.processes, (engine or Shelf()).state, lambda: self.is_stopping
        )
        counted = Counted(Metrics(), lambda: (), lambda: self.processes, lambda: 0, lambda: 0)
        self.probes = probes(health, counted, None, (), is_open=False)

    async def ask(self, path: str, method: str = "GET") -> httpx.Response:
        transport = httpx.ASGITransport(self.probes[path])
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7") as client:
            return await client.request(method, path)

    async def reasons(self) -> list[str]:
        answer = await self.ask("/readyz")
        document = answer.json()
        assert document["status"] == ("ready" if answer.status_code == 200 else "unready")
        assert answer.status_code == (503 if document.get("reasons") else 200)
        assert answer.headers["cache-control"] == "no-store"
        reasons: list[str] = document.get("reasons", [])
        return reasons


async def test_it_is_ready_while_every_language_serves() -> None:
    world = World()
    assert await world.reasons() == []
    world.processes.append(process("node", "draining"))
    assert await world.reasons() == []
    world.languages = {"node"}
    world.processes = [process("node")]
    assert await world.reasons() == []


@pytest.mark.parametrize("state", ["starting", "loading", "draining", "waiting", "given up", "spare"])
async def test_a_language_that_does_not_serve_is_named(state: str) -> None:
    world = World()
    world.processes = [process("node"), process("python", state)]
    assert await world.reasons() == ["no python runner serves"]
    world.processes = []
    assert await world.reasons() == ["no node runner serves", "no python runner serves"]


async def test_it_is_not_ready_while_it_stops() -> None:
    world = World()
    world.is_stopping = True
    assert await world.reasons() == ["the runtime is stopping"]


async def test_storage_that_fails_is_told_without_a_detail() -> None:
    assert await World(Broken()).reasons() == ["the storage does not answer"]


async def test_the_process_answers_whatever_else_is_wrong() -> None:
    world = World(Broken())
    world.is_stopping, world.processes = True, []
    answer = await world.ask("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert len(answer.headers["x-trace-id"]) == 32


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_they_are_read_and_nothing_else(path: str) -> None:
    world = World()
    assert (await world.ask(path, "HEAD")).status_code == 200
    refused = await world.ask(path, "POST")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_there_are_no_metrics_where_nobody_may_read_them() -> None:
    assert set(World().probes) == {"/healthz", "/readyz"}
