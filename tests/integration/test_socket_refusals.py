"""The sockets of streams: what refusals say, how faults of ours end them, and what one client may cost the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from runtime.errors import AccessDenied
from runtime.model import LogLevel
from tests.integration.sockets import KINDS, Site, event_of, said, site

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


@pytest.mark.parametrize("where", ["may_read", "left"])
async def test_a_fault_in_a_socket_closes_it_and_is_a_stack_in_the_log(
    place: Site, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def fail(*asked: object) -> bool:
        raise RecursionError("inner")

    async with place.connect() as client:
        if where == "left":
            await client.send(said("join"))
            await client.recv()
        monkeypatch.setattr(place.door, where, fail)
        await client.send(said("join" if where == "may_read" else "leave"))
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


async def test_the_project_hears_of_a_client_that_has_gone_a_few_places_at_a_time(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, told, count = 0, 0, [], 30
    enough, go_on = asyncio.Event(), asyncio.Event()

    async def left(stream: str, group: str, *rest: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 4:
            enough.set()
        await go_on.wait()
        running -= 1
        told.append(group)

    monkeypatch.setattr(place.door, "left", left)
    async with place.connect() as client:
        for number in range(count):
            await client.send(said("join", str(number)))
            await client.recv()
    await enough.wait()
    go_on.set()
    await place.connections_ended(1)
    assert (most, sorted(told)) == (4, sorted(map(str, range(count))))
