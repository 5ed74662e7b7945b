"""web/reads/live: how live answers end that must, and what of them is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

import httpx
import pytest

from runtime.model import LogLevel
from tests.fakes import settle
from tests.unit.web.reads.reading import STREAM, reading
from tests.unit.web.reads.test_application import stuck
from tests.unit.web.serving import SERVERS, has_connection

pytestmark = pytest.mark.parametrize("server", SERVERS)
TEXT = "/__runtime/text/t"
LIVE = {"accept": "text/event-stream"}


async def test_what_fails_unforeseen_is_a_problem_and_a_stack_in_the_log(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*place: str) -> None:
        raise RecursionError("inner")

    async with reading(server) as read:
        await read.write("t", "text")
        monkeypatch.setattr(read.engine.streams, "items", fail)
        for accept in ("application/json", "text/event-stream"):
            answer = await read.client.get(f"{STREAM}/g", headers={"accept": accept})
            assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
            assert "inner" not in answer.text
            level, message, _, trace_id = read.reports.lines[-1]
            assert (level, answer.headers["x-trace-id"]) == (LogLevel.ERROR, trace_id)
            assert "RecursionError: inner" in message and "in fail" in message
        async with read.client.stream("GET", TEXT, headers={"accept": "text/plain"}) as begun:
            assert begun.status_code == 200
            monkeypatch.setattr(read.engine.texts, "read", fail)
            await settle()
            await read.write("t", "more")
            with pytest.raises(httpx.RemoteProtocolError):
                await begun.aread()
        assert len(read.reports.lines) == 3


async def test_nothing_live_begins_behind_a_stop(server: str) -> None:
    async with reading(server) as read:
        arrived, gate = asyncio.Event(), asyncio.Event()

        async def authenticate(headers: Mapping[str, str | list[str]], url: str) -> bytes:
            arrived.set()
            await gate.wait()
            return b""

        read.access.authenticate = authenticate  # type: ignore[method-assign]
        asking = asyncio.create_task(read.client.get(f"{STREAM}/g", headers=LIVE))
        await arrived.wait()
        read.reads.stop()
        gate.set()
        answer = await asyncio.wait_for(asking, 5)
        again = await read.client.get(f"{STREAM}/g")
        for refused in (answer, again):
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert "stopping" in refused.json()["detail"]


async def test_the_connection_of_a_reader_that_does_not_read_ends(server: str) -> None:
    async with reading(server, max_buffer_bytes=256 * 1024) as read:
        _, writer = await stuck(read, f"{STREAM}/g")
        client = writer.get_extra_info("sockname")
        assert has_connection(client)
        for number in itertools.count():
            await read.set("g", "1", n=number, filling="x" * 60_000)
            await settle()
            if not has_connection(client):
                break
            assert number < 1000
        writer.transport.abort()
