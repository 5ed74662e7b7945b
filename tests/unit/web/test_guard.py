"""web/guard: nobody gets through without the right name, origin and token."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import httpx
import pytest
from pydantic import SecretStr

from runtime.config import ControlSettings, HttpSettings
from runtime.configfile import load_settings
from runtime.errors import ConfigFault
from runtime.web.guard import Guard, control_token
from runtime.web.server import http_server, listen

TOKEN = "t" * 16
BEARER = {"authorization": f"Bearer {TOKEN}"}


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """The application behind the guard."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"in"})


GUARD = Guard(inner, TOKEN, ["Runtime.example"], ["/open", "/files/"])


async def ask(
    host: str = "localhost:3000", method: str = "GET", path: str = "/x", headers: dict[str, str] | None = None
) -> httpx.Response:
    """An answer of the guard to a request with a token, or with the headers given."""
    transport = httpx.ASGITransport(GUARD)
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
        return await client.request(method, path, headers={"host": host, **(BEARER if headers is None else headers)})


# ------------------------------------------------------------ the name


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1:80", "[::1]:3000", "[::1]", "runtime.EXAMPLE:8443"],
)
async def test_our_names_are_let_through(host: str) -> None:
    assert (await ask(host)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "localhost:3000:4000",
        "localhost:port",
        "localhost/",
        "127.0.0.2",
        "127.0.0.1.nip.io",
        "::1",
        "[::2]",
        "[::1",
        "0.0.0.0",
        "localhost evil",
        "",
        ":3000",
    ],
)
async def test_other_names_are_refused(host: str) -> None:
    answer = await ask(host)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["status"] == 403
    assert "control.allowedHosts" in answer.json()["detail"]


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"localhost", b"evil.example"]])
async def test_there_is_one_name(hosts: list[bytes]) -> None:
    headers = [*((b"host", host) for host in hosts), (b"authorization", f"Bearer {TOKEN}".encode())]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await GUARD({"type": "http", "method": "GET", "path": "/x", "headers": headers}, None, send)
    assert sent[0]["status"] == 403


# ------------------------------------------------------------ the origin


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE", "HEAD"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://localhost:4000",
        "http://localhost",
        "ftp://localhost:3000",
        "localhost",
    ],
)
async def test_pages_of_other_origins_are_refused_by_every_method(method: str, origin: str) -> None:
    assert (await ask(method=method, headers={**BEARER, "origin": origin})).status_code == 403
    assert (await ask(method=method, path="/open", headers={"origin": origin})).status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://localhost:3000", "HTTP://LocalHost:3000"])
async def test_our_own_pages_are_let_through(origin: str) -> None:
    assert (await ask(headers={**BEARER, "origin": origin})).status_code == 200


# ------------------------------------------------------------ the token


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer " + "é" * 16,
    ],
)
async def test_another_token_is_none(authorization: str) -> None:
    transport = httpx.ASGITransport(GUARD)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/x", headers=[(b"authorization", authorization.encode("latin-1"))])
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text


async def test_no_token_is_refused_and_its_scheme_has_any_case() -> None:
    assert (await ask(headers={})).status_code == 401
    assert (await ask(headers={"authorization": f"bearer  {TOKEN}"})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/open", 200), ("HEAD", "/open", 200), ("POST", "/open", 401), ("GET", "/open/", 401), ("GET", "/", 401)],
)
async def test_open_paths_may_be_read_without(method: str, path: str, status: int) -> None:
    assert (await ask(method=method, path=path, headers={})).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/files/", 200),
        ("HEAD", "/files/a/b.js", 200),
        ("POST", "/files/a", 401),
        ("GET", "/files", 401),
        ("GET", "/filesystem", 401),
        ("GET", "/x/files/a", 401),
    ],
)
async def test_all_below_an_open_folder_may_be_read(method: str, path: str, status: int) -> None:
    assert (await ask(method=method, path=path, headers={})).status_code == status


async def test_a_head_has_no_body_on_the_wire() -> None:
    listener = listen(HttpSettings(port=0))
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(http_server(HttpSettings(), GUARD).serve, listener, stop, 1.0)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        for path, status in ((b"/open", b"200"), (b"/x", b"401"), (b"/open", b"200")):
            writer.write(b"HEAD %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 " + status)
        writer.close()
        stop.set()
    listener.close()


# ------------------------------------------------------------ the token of a run


def settings(token: str | None = None, enabled: bool | None = None) -> ControlSettings:
    return ControlSettings(token=None if token is None else SecretStr(token), enabled=enabled)


def test_development_makes_a_token_for_each_run() -> None:
    tokens = {control_token(settings(), development=True) for _ in range(3)} | {
        control_token(settings(TOKEN), development=True)
    }
    assert len(tokens) == 4
    assert all(token is not None and len(token) >= 32 and token != TOKEN for token in tokens)


def test_production_has_the_configured_token_or_no_routes() -> None:
    assert control_token(settings(), development=False) is None
    assert control_token(settings(TOKEN), development=False) == TOKEN
    with pytest.raises(ConfigFault, match=r"needs control\.token"):
        control_token(settings(enabled=True), development=False)


@pytest.mark.parametrize("development", [True, False])
def test_the_routes_can_be_turned_off(development: bool) -> None:
    assert control_token(settings(TOKEN, enabled=False), development=development) is None


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "a space in the token", "é" * 20, "line\nbreak" * 3])
@pytest.mark.parametrize("development", [True, False])
def test_a_weak_token_is_refused_and_not_printed(token: str, development: bool) -> None:
    with pytest.raises(ConfigFault, match="16 visible ASCII") as raised:
        control_token(settings(token), development=development)
    assert not token or token not in str(raised.value) + raised.value.fix


@pytest.mark.parametrize("text", ["12345678901234567890", "true", "[secret-secret-secret]", "{secret: 1}"])
def test_a_token_that_is_no_text_is_refused_and_not_printed(tmp_path: Any, text: str) -> None:
    (tmp_path / "runtime.yaml").write_text(f"control: {{token: {text}}}")
    with pytest.raises(ConfigFault) as raised:
        control_token(load_settings(tmp_path, {}).control, development=False)
    assert text not in str(raised.value)


def test_a_token_comes_from_the_environment_and_is_not_shown(tmp_path: Any) -> None:
    (tmp_path / "runtime.yaml").write_text("control: {token: '${T}', allowedHosts: [a.example]}")
    control = load_settings(tmp_path, {"T": TOKEN}).control
    assert control_token(control, development=False) == TOKEN
    assert TOKEN not in repr(control)
    assert control.allowed_hosts == ("a.example",)
    (tmp_path / "runtime.yaml").write_text("control: {token: '${T:-}'}")
    assert control_token(load_settings(tmp_path, {}).control, development=False) is None
