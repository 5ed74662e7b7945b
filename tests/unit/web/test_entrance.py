"""web/entrance: who is refused, and what is told of it. Of sockets, tests/integration has more."""

from __future__ import annotations

import pytest

from runtime.errors import AccessDenied
from runtime.model import LogLevel
from tests.unit.web.reads.reading import PAGE, STREAM, reading
from tests.unit.web.serving import SERVERS

pytestmark = pytest.mark.parametrize("server", SERVERS)


async def test_denied_reads_are_told_of_in_bounds(server: str) -> None:
    async with reading(server, max_malformed_reports=2) as read:
        read.access.denied = AccessDenied(401, "no")
        for _ in range(5):
            assert (await read.client.get(f"{STREAM}/g")).status_code == 401
        assert read.reports.messages(LogLevel.WARN) == ["no"] * 2


async def test_origins_that_are_refused_are_told_of_once(server: str) -> None:
    async with reading(server) as read:
        for origin in ("https://evil.example", "https://evil.example", PAGE):
            await read.client.get(f"{STREAM}/g", headers={"origin": origin})
        [line] = read.reports.messages(LogLevel.WARN)
        assert "https://evil.example" in line and "http.cors.origins" in line


@pytest.mark.parametrize("host", ["localhost:1", "192.0.2.1:80", "[2001:db8::1]", "runtime.example"])
async def test_local_names_addresses_and_allowed_names_are_answered_to(server: str, host: str) -> None:
    async with reading(server) as read:
        for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
            assert (await read.client.get(f"{STREAM}/g", headers=headers)).status_code == 200
