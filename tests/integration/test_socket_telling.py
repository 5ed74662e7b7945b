"""The sockets of streams: the project hears of who joins and leaves, and nobody waits for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from runtime.model import LogLevel
from tests.fakes import settle
from tests.integration.sockets import KINDS, Site, event_of, said, site

PATIENCE = 30.0


class Slow:
    """Hears of joins and leaves, each as long as a test lets it; `heard` are those that it has heard to the end."""

    def __init__(self, place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = asyncio.Event()
        self.heard: list[tuple[str, str]] = []
        self.running = self.most = 0
        self._changed = asyncio.Condition()
        for what in ("joined", "left"):
            monkeypatch.setattr(place.door, what, self._hears(what))

    def _hears(self, what: str) -> Any:
        async def hear(stream: str, group: str, *rest: Any) -> None:
            self.running += 1
            self.most = max(self.most, self.running)
            await self.go_on.wait()
            self.running -= 1
            async with self._changed:
                self.heard.append((what, group))
                self._changed.notify_all()

        return hear

    async def has_heard(self, count: int) -> list[tuple[str, str]]:
        """All, once there are so many."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= count)
        return self.heard


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """A board over each server, for one socket at a time."""
    async with site(request.param, tmp_path, max_sockets=1, max_joins=4) as made:
        yield made


async def test_a_slow_join_holds_up_no_other_and_all_is_told_in_order(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(place, monkeypatch)
    async with asyncio.timeout(PATIENCE), place.connect() as client:
        for group in "ab":
            await client.send(said("join", group))
            assert (await event_of(client))["type"] == "sync"
        await client.send(said("leave", "a"))
    await place.connections_ended(1)
    assert slow.heard == []
    slow.go_on.set()
    assert await slow.has_heard(4) == [("joined", "a"), ("joined", "b"), ("left", "a"), ("left", "b")]
    assert slow.most == 1


async def test_the_place_of_a_socket_is_free_when_its_connection_has_ended(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(place, monkeypatch)
    async with asyncio.timeout(PATIENCE):
        for ended in range(2):
            async with place.connect() as client:
                await client.send(said("join", str(ended)))
                await client.recv()
            await place.connections_ended(ended + 1)
        with pytest.raises(InvalidStatus) as refused:  # bounded all the same
            await place.connect()
        assert refused.value.response.status_code == 503
        slow.go_on.set()
        await slow.has_heard(4)
        async with place.connect():
            pass


async def test_a_client_of_whom_too_much_is_to_be_told_waits(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(place, monkeypatch)
    asked: list[str] = []

    async def may_read(stream: str, group: str, *rest: Any) -> bool:
        asked.append(group)
        return True

    monkeypatch.setattr(place.door, "may_read", may_read)
    async with asyncio.timeout(PATIENCE), place.connect() as client:
        for group in "abc":
            await client.send(said("join", group))
            await client.recv()
        await client.send(said("leave", "c"))
        await client.send(said("join", "d"))
        await (await client.ping())
        await settle()
        assert asked == ["a", "b", "c"]
        slow.go_on.set()
        assert (await event_of(client))["type"] == "sync"
        assert asked == ["a", "b", "c", "d"]


async def test_one_who_leaves_while_it_waits_is_gone_at_once(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(place, monkeypatch)
    async with asyncio.timeout(PATIENCE):
        async with place.connect() as client:
            for group in "abcd":
                await client.send(said("join", group))
                await client.recv()
            await client.send(said("leave", "a"))
        await place.connections_ended(1)
    slow.go_on.set()
    joined, left = [("joined", group) for group in "abcd"], [("left", group) for group in "abcd"]
    assert await slow.has_heard(8) == joined + left


async def test_a_fault_in_what_hears_is_a_stack_in_the_log_and_the_socket_goes_on(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*asked: object) -> None:
        raise RecursionError("inner")

    monkeypatch.setattr(place.door, "joined", fail)
    async with asyncio.timeout(PATIENCE), place.connect() as client:
        await client.send(said("join"))
        await client.recv()
        await client.send(said("leave"))
        await place.door.saw("left", "g")
        await client.send(said("join", "h"))
        assert (await event_of(client))["type"] == "sync"
    [(level, message, _, _), *_] = place.reports.lines
    assert level is LogLevel.ERROR and "RecursionError: inner" in message and "in fail" in message


async def test_what_is_not_told_when_the_runtime_stops_is_counted(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    Slow(place, monkeypatch)
    async with asyncio.timeout(PATIENCE):
        async with place.connect() as client:
            await client.send(said("join"))
            await client.recv()
        await place.connections_ended(1)
        await place.sockets.finish(0.01)
    [message] = place.reports.messages(LogLevel.WARN)
    assert message == "the runtime stops: 2 calls of onJoin and onLeave were not made, or have not ended"


async def test_what_is_told_within_the_grace_is_no_line_in_the_log(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(place, monkeypatch)
    async with asyncio.timeout(PATIENCE):
        async with place.connect() as client:
            await client.send(said("join"))
            await client.recv()
        await place.connections_ended(1)
        finishing = asyncio.ensure_future(place.sockets.finish(PATIENCE))
        slow.go_on.set()
        await finishing
    assert len(slow.heard) == 2
    assert place.reports.messages(LogLevel.WARN) == []
