"""Nobody gets in: every route and method that there is, against every kind of caller that has no right to it.

What there is to get at is asked of the application itself, so that no route can be left out: a new one must be refused
to all of these callers, or be named here as one that is open.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

import runtime.app
from runtime.app import App
from runtime.configfile import load_settings
from runtime.environment import ProjectEnvironment
from runtime.facts import Held, Renewed, Started
from runtime.reload.setup import Reading, Setup
from runtime.web.control.application import control_app
from runtime.web.control.operations import ControlRoute
from runtime.web.exposition import METRICS_PATH
from runtime.web.front import READS
from runtime.web.health import HEALTH_PATH, READY_PATH
from runtime.web.server import Application
from tests.fakes import ListSink

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TOKEN = "t" * 32
WITH_TOKEN = f"control: {{ token: {TOKEN} }}"
OPEN_IN_DEV = {
    "/__runtime/api.json",
    "/__runtime/cron",
    "/__runtime/docs",
    "/__runtime/queues",
    "/__runtime/runners",
    "/__runtime/workbench",
    "/__runtime/workbench/index.html",
}
"""What may be read under our own name without the token: it shows no payload, and changes nothing."""
OPEN_IN_START = {path for path in OPEN_IN_DEV if "workbench" in path}
READ_PATHS = tuple(f"{path}{rest}" for path in READS for rest in ("", "/a", "/a/b", "/a/b/c"))

Headers = Sequence[tuple[str, str]]
NOT_OURS: Mapping[str, Headers] = {
    "another name": [("host", "evil.example")],
    "a name that begins like ours": [("host", "localhost.evil.example")],
    "no name": [("host", "")],
    "a page of another origin": [("host", "localhost"), ("origin", "https://evil.example")],
    "a page of another port": [("host", "localhost:3000"), ("origin", "http://localhost:3001")],
    "a page without an origin": [("host", "localhost"), ("origin", "null")],
    "two origins": [("host", "localhost"), ("origin", "http://localhost"), ("origin", "https://evil.example")],
}
"""Callers that are refused whatever token they have."""
NOT_THE_STREAMS = {caller: headers for caller, headers in NOT_OURS.items() if caller != "a page of another port"}
"""Of them, those that streams refuse in dev as well, where pages of this machine may read streams."""
UNKNOWN: Mapping[str, Headers] = {
    "no token": [],
    "an empty token": [("authorization", "Bearer ")],
    "a wrong token": [("authorization", f"Bearer {'u' * 32}")],
    "a part of the token": [("authorization", f"Bearer {TOKEN[:-1]}")],
    "two tokens": [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer wrong")],
    "another scheme": [("authorization", f"Basic {TOKEN}")],
    "a token in a cookie": [("cookie", f"token={TOKEN}")],
}
"""Callers by our own name that are refused where the token is needed."""
OWN: Headers = [("authorization", f"Bearer {TOKEN}")]


class Silent:
    """An audience."""

    def started(self, fact: Started) -> None: ...
    def renewed(self, fact: Renewed) -> None: ...
    def held(self, fact: Held) -> None: ...
    def progressed(self, message: str) -> None: ...


class House(NamedTuple):
    """What answers on the port, its control routes, and who of the callers has come as far as those."""

    application: Application
    routes: Sequence[Route]
    reached: list[str]
    is_development: bool

    @property
    def paths(self) -> list[str]:
        """Every path of the control application."""
        return sorted({route.path.replace("{name:path}", "index.html") for route in self.routes})

    async def ask(self, method: str, path: str, headers: Iterable[tuple[str, str]]) -> httpx.Response:
        """The answer to a request with these headers and no others."""
        given = {"host": "localhost"} | {name: value for name, value in headers if name == "host"}
        more = [(name, value) for name, value in headers if name != "host"]
        transport = httpx.ASGITransport(self.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            request = client.build_request(method, f"{path}?topics=logs", headers=[*given.items(), *more])
            return await client.send(request)

    async def shake_hands(self, path: str, headers: Iterable[tuple[str, str]]) -> int | None:
        """The status that a handshake for a WebSocket is refused with, None where it is let in."""
        return (await self.upgrade(path, headers))[0]

    async def upgrade(self, path: str, headers: Iterable[tuple[str, str]]) -> tuple[int | None, bytes]:
        """The same, and what it is told."""
        given = [(name.encode(), value.encode()) for name, value in headers]
        scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": given}
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.application({**scope, "subprotocols": [], "extensions": {}}, receive, send)
        statuses = [each["status"] for each in sent if each["type"] == "websocket.http.response.start"]
        told = b"".join(each["body"] for each in sent if each["type"] == "websocket.http.response.body")
        return (statuses[0] if statuses else None), told


def house(root: Path, monkeypatch: pytest.MonkeyPatch, config: str = "", *, development: bool) -> House:
    """The applications of a project as they are wired, with nothing behind the control routes but a note."""
    root.joinpath("runtime.yaml").write_text(config)
    routes: list[Route] = []
    reached: list[str] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:
        reached.append(f"{scope['method']} {scope['path']}")
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body"})

    def noted(*given: Any, **more: Any) -> Application:
        made = control_app(*given, **more)
        assert isinstance(made, Starlette)
        routes.extend(route for route in made.routes if isinstance(route, Route))
        assert len(routes) == len(made.routes)  # nothing is mounted that would not be looked at here
        return note

    monkeypatch.setattr(runtime.app, "control_app", noted)
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: TOKEN)
    setup = Setup(load_settings(root, {}), ProjectEnvironment({}))
    reading = Reading(lambda: setup, _nothing) if development else None
    app = App(root, setup, ListSink(), Silent(), reading)
    return House(app._front(), routes, reached, development)


async def _nothing(setup: Setup) -> frozenset[str]:
    return frozenset()


@pytest.fixture(params=["dev", "start"])
async def found(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Either of them."""
    development = request.param == "dev"
    return house(tmp_path, monkeypatch, "" if development else WITH_TOKEN, development=development)


@pytest.fixture
async def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return house(tmp_path, monkeypatch, development=True)


def is_open(method: str, path: str, known: set[str]) -> bool:
    return method in ("GET", "HEAD") and path in known


async def test_there_is_something_to_get_at(dev: House) -> None:
    described = [route for route in dev.routes if isinstance(route, ControlRoute)]
    assert len(described) >= 34
    assert {route.path for route in dev.routes if route not in described} == {
        "/__runtime/docs",
        "/__runtime/workbench",
        "/__runtime/workbench/{name:path}",
    }
    assert set(dev.paths) >= OPEN_IN_DEV


@pytest.mark.parametrize("caller", NOT_OURS)
async def test_who_is_not_ours_comes_to_no_route(found: House, caller: str) -> None:
    for path in (*found.paths, "/__runtime", "/__runtime/", "/__runtime/nothing", METRICS_PATH):
        for method in METHODS:
            answer = await found.ask(method, path, [*NOT_OURS[caller], *OWN])
            assert answer.status_code == 403, (method, path)
            assert "access-control-allow-origin" not in answer.headers
    assert found.reached == []


@pytest.mark.parametrize("caller", UNKNOWN)
async def test_who_has_no_token_comes_to_what_is_open_alone(found: House, caller: str) -> None:
    known = OPEN_IN_DEV if found.is_development else OPEN_IN_START
    for path in (*found.paths, "/__runtime", "/__runtime/", "/__runtime/nothing"):
        for method in METHODS:
            answer = await found.ask(method, path, UNKNOWN[caller])
            assert answer.status_code == (299 if is_open(method, path, known) else 401), (method, path)
    assert set(found.reached) == {f"{method} {path}" for method in ("GET", "HEAD") for path in known}


async def test_who_has_the_token_comes_to_every_route(dev: House) -> None:
    for path in dev.paths:
        for method in METHODS:
            assert (await dev.ask(method, path, OWN)).status_code == 299
    assert len(dev.reached) == len(dev.paths) * len(METHODS)


async def test_an_upgrade_is_a_streams_and_never_a_routes(found: House) -> None:
    foreign = NOT_THE_STREAMS if found.is_development else NOT_OURS
    pages = {caller: headers for caller, headers in foreign.items() if any(name == "origin" for name, _ in headers)}
    pages["a page of a name that is not ours"] = [("host", "evil.example"), ("origin", "http://evil.example")]
    if not found.is_development:
        del pages["a page of a name that is not ours"]  # in production the project is known by any name
    for path in (*found.paths, *READ_PATHS, METRICS_PATH, HEALTH_PATH, READY_PATH, "/"):
        for caller, headers in pages.items():
            assert await found.shake_hands(path, [*headers, *OWN]) == 403, (path, caller)
    assert found.reached == []


@pytest.mark.parametrize("caller", NOT_OURS)
async def test_an_upgrade_below_control_routes_is_refused_as_a_request_is(found: House, caller: str) -> None:
    headers = [*NOT_OURS[caller], *OWN]
    for path in (*found.paths, "/__runtime", "/__runtime/", "/__runtime/nothing"):
        asked = await found.ask("GET", path, headers)
        assert await found.upgrade(path, headers) == (403, asked.content), path
    assert found.reached == []


@pytest.mark.parametrize("caller", NOT_THE_STREAMS)
async def test_an_upgrade_where_streams_are_read_is_judged_as_a_read_is(dev: House, caller: str) -> None:
    for path in READ_PATHS:
        assert await dev.shake_hands(path, [*NOT_OURS[caller], *OWN]) == 403, path


@pytest.mark.parametrize("caller", NOT_THE_STREAMS)
async def test_streams_are_not_read_by_who_is_not_ours(dev: House, caller: str) -> None:
    for path in READ_PATHS:
        for method in METHODS:
            assert (await dev.ask(method, path, [*NOT_OURS[caller], *OWN])).status_code == 403, (method, path)


async def test_nothing_of_it_is_there_in_start_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = house(tmp_path, monkeypatch, development=True).paths
    bare = house(tmp_path, monkeypatch, development=False)
    assert bare.routes == []
    for path in (*paths, *READ_PATHS, METRICS_PATH):
        for method in METHODS:
            assert (await bare.ask(method, path, OWN)).status_code == 404, (method, path)


# ------------------------------------------------------------ metrics and health


@pytest.mark.parametrize(
    ("config", "development", "anonymous", "known"),
    [
        ("", True, 200, 200),
        ("telemetry: { metrics: false }", True, 401, 200),
        ("", False, 404, 404),
        (WITH_TOKEN, False, 401, 200),
        (f"{{ control: {{ token: {TOKEN} }}, telemetry: {{ metrics: true }} }}", False, 200, 200),
        ("telemetry: { metrics: true }", False, 200, 200),
        ("telemetry: { metrics: false }", False, 404, 404),
    ],
)
async def test_metrics_are_for_who_may_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, development: bool, anonymous: int, known: int
) -> None:
    found = house(tmp_path, monkeypatch, config, development=development)
    for method in ("GET", "HEAD"):
        assert (await found.ask(method, METRICS_PATH, [])).status_code == anonymous
        assert (await found.ask(method, METRICS_PATH, OWN)).status_code == known
        for headers in NOT_OURS.values():
            refused = await found.ask(method, METRICS_PATH, [*headers, *OWN])
            assert refused.status_code == (404 if known == 404 else 403)
    for method in ("POST", "PUT", "DELETE"):
        assert (await found.ask(method, METRICS_PATH, OWN)).status_code in (401, 404, 405)


@pytest.mark.parametrize("development", [True, False])
async def test_health_is_for_everybody_to_read_and_nobody_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, development: bool
) -> None:
    found = house(tmp_path, monkeypatch, development=development)
    for headers in ([], *NOT_OURS.values(), *UNKNOWN.values()):
        answer = await found.ask("GET", HEALTH_PATH, headers)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "access-control-allow-origin" not in answer.headers
        assert (await found.ask("GET", READY_PATH, headers)).status_code in (200, 503)
        for path in (HEALTH_PATH, READY_PATH):
            assert (await found.ask("POST", path, headers)).status_code == 405
