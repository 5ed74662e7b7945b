"""web/workbench: the files of the build, and nothing else."""

from __future__ import annotations

import gzip
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from runtime.web.guard import Guard
from runtime.web.workbench import WORKBENCH_PATH, Workbench
from tests.unit.web.serving import SERVERS, serving

TOKEN = "token-of-this-run"
SCRIPT = b"export const answer = 42\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves, beside a file that is nobody's business."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<html><head><title>W</title></head><body></body></html>", encoding="utf-8")
    (dist / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (dist / "assets" / "index-a1.js").write_bytes(SCRIPT)
    (dist / "assets" / "index-a1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (dist / "assets" / "index-a1.js.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_text("hush", encoding="utf-8")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    return dist


def application(folder: Path, token: str | None = TOKEN) -> Guard:
    """The Workbench behind the guard, as the runtime serves it."""
    routes = Workbench(folder, token).routes()
    return Guard(Starlette(routes=routes), TOKEN, (), (WORKBENCH_PATH, WORKBENCH_PATH.rstrip("/")))


async def ask(
    folder: Path, name: str = "", *, method: str = "GET", headers: dict[str, str] | None = None
) -> httpx.Response:
    """The answer to a client whose connection nobody knows."""
    transport = httpx.ASGITransport(application(folder))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        given = {"accept-encoding": "identity", **(headers or {})}
        return await client.request(method, f"{WORKBENCH_PATH}{name}", headers=given)


# ------------------------------------------------------------ files


async def test_files_are_served_as_what_they_are(folder: Path) -> None:
    answer = await ask(folder, "assets/index-a1.js")
    assert (answer.status_code, answer.content) == (200, SCRIPT)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await ask(folder, "icon.svg")).headers["content-type"].startswith("image/svg+xml")


async def test_hashed_files_are_kept_for_ever_and_others_are_asked_for(folder: Path) -> None:
    assert "immutable" in (await ask(folder, "assets/index-a1.js")).headers["cache-control"]
    answer = await ask(folder, "icon.svg")
    assert answer.headers["cache-control"] == "no-cache"
    again = await ask(folder, "icon.svg", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (folder / "icon.svg").write_text("<svg></svg>", encoding="utf-8")
    assert (await ask(folder, "icon.svg", headers={"if-none-match": answer.headers["etag"]})).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("GZIP;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"), ("zstd", None)],
)
async def test_the_best_encoding_is_chosen(folder: Path, accepted: str, encoding: str | None) -> None:
    answer = await ask(folder, "assets/index-a1.js", method="HEAD", headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_each_encoding_has_a_tag_of_its_own(folder: Path) -> None:
    tags = {
        (await ask(folder, "assets/index-a1.js", method="HEAD", headers={"accept-encoding": each})).headers["etag"]
        for each in ("br", "gzip", "identity")
    }
    assert len(tags) == 3


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "..%2Fsecret.txt",
        "assets/../../secret.txt",
        "%2e%2e/secret.txt",
        "..\\secret.txt",
        "/etc/passwd",
        "link.txt",
        "assets",
        "assets/",
        "assets//index-a1.js",
        "assets/index-a1.js/",
        "index-a1.js",
        "index.html%00",
    ],
)
async def test_nothing_else_is_there(folder: Path, name: str) -> None:
    answer = await ask(folder, name)
    assert answer.status_code in (401, 404)
    assert b"hush" not in answer.content


async def test_a_new_build_is_served_at_once(folder: Path) -> None:
    assert (await ask(folder, "assets/index-b2.js")).status_code == 404
    workbench = Workbench(folder, None)
    transport = httpx.ASGITransport(Starlette(routes=workbench.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get(f"{WORKBENCH_PATH}assets/index-a1.js")).status_code == 200
        (folder / "assets" / "index-b2.js").write_bytes(b"2")
        (folder / "index.html").write_text("<html><head></head></html>", encoding="utf-8")
        os.utime(folder / "index.html", (1, 1))
        assert (await client.get(f"{WORKBENCH_PATH}assets/index-b2.js")).content == b"2"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_they_can_only_be_read(folder: Path, method: str) -> None:
    assert (await ask(folder, "icon.svg", method=method)).status_code == 401
    with_token = {"authorization": f"Bearer {TOKEN}"}
    assert (await ask(folder, "icon.svg", method=method, headers=with_token)).status_code == 405


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}])
@pytest.mark.parametrize("name", ["", "icon.svg", "assets/index-a1.js"])
async def test_other_names_and_pages_get_nothing(folder: Path, name: str, headers: dict[str, str]) -> None:
    assert (await ask(folder, name, headers=headers)).status_code == 403


# ------------------------------------------------------------ the page


async def test_the_page_may_load_what_comes_from_here_and_nothing_else(folder: Path) -> None:
    answer = await ask(folder)
    assert answer.headers["cache-control"] == "no-store"
    parts = (part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    policy = {name: sources[0] for name, *sources in parts}
    found = re.search(r'<meta property="csp-nonce" nonce="([\w-]{22})"></head>', answer.text)
    assert found is not None
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self' blob:",
        "style-src": f"'self' 'nonce-{found[1]}'",
        "connect-src": "'self' ws://localhost:3000 wss://localhost:3000",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert found[1] not in (await ask(folder)).text


async def test_who_is_not_known_gets_no_token(folder: Path) -> None:
    assert TOKEN not in (await ask(folder)).text
    assert TOKEN not in (await ask(folder, "index.html")).text


async def test_the_address_without_its_slash_leads_on(folder: Path) -> None:
    transport = httpx.ASGITransport(application(folder))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(WORKBENCH_PATH.rstrip("/"))
    assert (answer.status_code, answer.headers["location"]) == (307, WORKBENCH_PATH)


async def test_without_a_build_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await ask(tmp_path / "dist")
    assert answer.status_code == 503
    assert "npm run build" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert TOKEN not in answer.text


async def get(port: int, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}{WORKBENCH_PATH}", headers=headers)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
@pytest.mark.parametrize("server", SERVERS)
async def test_our_own_user_gets_the_token(folder: Path, server: str) -> None:
    application_: Any = application(folder)
    async with serving(server, application_) as (port, _):
        assert f'<meta name="runtime-token" content="{TOKEN}"></head>' in (await get(port)).text
        assert TOKEN not in (await get(port, **{"x-forwarded-for": "192.0.2.1"})).text


async def test_where_everybody_is_to_be_asked_nobody_gets_it(folder: Path) -> None:
    application_: Any = application(folder, None)
    async with serving("uvicorn", application_) as (port, _):
        assert "runtime-token" not in (await get(port)).text
