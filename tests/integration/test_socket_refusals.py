"""The sockets of streams: what refusals say, how faults of ours end them, and what one client may cost the others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from runtime.errors import AccessDenied
from runtime.model import LogLevel
from tests.integration.sockets import KINDS, SHAKE, Site, event_of, masked, said, site

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A server, over which the test is run."""
    server: str = request.param
    return server


@pytest.fixture
async def place(kind: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A board with settings as they are by default."""
    async with site(kind, tmp_path) as made:
        yield made


# ------------------------------------------------------------ refusals


async def test_a_refusal_has_a_date_and_the_trace_that_the_log_has(place: Site) -> None:
    place.door.refusal = AccessDenied(401, "why")
    with pytest.raises(InvalidStatus) as refused:
        await place.connect(additional_headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    headers = refused.value.response.headers
    assert headers["x-trace-id"] == TRACE and headers["date"].endswith("GMT")
    [(_, message, _, trace_id)] = place.reports.lines
    assert (message, trace_id) == ("why", TRACE)


async def test_a_fault_before_the_socket_begins_is_a_problem_and_a_stack_in_the_log(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*asked: object) -> bytes:
        raise RecursionError("inner")

    monkeypatch.setattr(place.door, "authenticate", fail)
    with pytest.raises(InvalidStatus) as refused:
        await place.connect()
    response = refused.value.response
    assert response.status_code == 500 and b"inner" not in (response.body or b"")
    [(level, message, _, trace_id)] = place.reports.lines
    assert (level, trace_id) == (LogLevel.ERROR, response.headers["x-trace-id"])
    assert "RecursionError: inner" in message and "in fail" in message


async def test_a_fault_in_a_socket_closes_it_and_is_a_stack_in_the_log(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*asked: object) -> bool:
        raise RecursionError("inner")

    async with place.connect() as client:
        monkeypatch.setattr(place.door, "may_read", fail)
        await client.send(said("join"))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1011
    assert "inner" not in closed.value.rcvd.reason
    await place.connections_ended(1)
    [(level, message, _, _)] = place.reports.lines
    assert level is LogLevel.ERROR and "RecursionError: inner" in message and "in fail" in message


# ------------------------------------------------------------ joins


async def test_a_name_has_so_many_bytes(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_name_bytes=64) as place:
        for part in ("streamName", "groupId", "id", "subscriptionId"):
            async with place.connect() as client:
                await client.send(said("join", **{part: "ü" * 32}))
                await client.send(said("leave", **{part: "ü" * 32 + "x"}))
                with pytest.raises(ConnectionClosed) as closed:
                    while True:
                        await client.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1007
            assert closed.value.rcvd.reason == f"{part} is longer than 64 bytes (streams.maxNameBytes)"


async def test_who_is_denied_what_it_follows_follows_it_no_more(place: Site) -> None:
    async with place.connect() as client:
        for subscription in ("a", "b"):
            await client.send(said("join", subscription=subscription))
            await client.recv()
        place.door.closed.add("g")
        await client.send(said("join", subscription="b"))
        assert json.loads(await client.recv())["event"]["event"]["data"]["code"] == "STREAM_ACCESS_DENIED"
        await place.door.saw("left", "g")
        await place.board.set("g", "1", secret=1)
        await client.send(said("join", "h"))
        assert (await event_of(client))["type"] == "sync"
    await place.door.saw("left", "h")
    await place.connections_ended(1)
    left = [seen[1] for seen in place.door.seen if seen[0] == "left"]
    assert left == ["g", "h"]


async def test_a_group_that_is_too_large_is_told_once_and_not_joined(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_sync_bytes=1024, max_malformed_reports=2) as place, place.connect() as client:
        await client.send(said("join"))
        assert (await event_of(client))["type"] == "sync"
        await place.board.set("g", "1", text="x" * 2000)
        assert (await event_of(client))["type"] == "create"
        for _ in range(3):
            await client.send(said("join"))
            told = (await event_of(client))["event"]
            assert (told["type"], told["data"]["code"]) == ("error", "GROUP_TOO_LARGE")
            assert "streams.maxSyncBytes" in told["data"]["message"]
        await place.door.saw("left", "g")
        await place.board.set("g", "1", text="small")
        await client.send(said("join"))
        assert (await event_of(client))["type"] == "sync", "what it does not follow it is not told of"
        group = "the group 'g' of the stream 'board'"
        told = f"{group} is too large for a client that wanted it (streams.maxSyncBytes)"
        assert place.reports.messages(LogLevel.WARN) == [told] * 2


async def test_a_client_that_takes_nothing_of_its_sync_is_cut_off(kind: str, tmp_path: Path) -> None:
    patience: dict[str, Any] = {"ping_interval": 0.1, "ping_timeout": 0.1, "close_timeout": 0.1}
    async with site(kind, tmp_path, max_sync_bytes=32 * 1024 * 1024, **patience) as place:
        for id in range(20):
            await place.board.set("g", str(id), text="x" * 900_000)
        async with place.raw(*SHAKE, small=True) as deaf:
            assert await deaf.status() == 101
            deaf.writer.write(masked(Opcode.TEXT, said("join").encode()))
            await place.door.saw("joined", "g")
            await place.connections_ended(1)
