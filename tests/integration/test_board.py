"""The order board of the example, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.project import REPOSITORY, RunningProject, running
from tests.integration.stream_clients import FOLDER, find_chromium, started

CARDS = "section[data-stage=confirmed] article"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as it comes, without the packages of its page."""
    root = tmp_path_factory.mktemp("example")
    shutil.copytree(REPOSITORY / "steps", root / "steps", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "package.json", root)
    return root


@pytest.fixture(scope="module")
def example(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


def test_the_board_asks_for_its_packages_and_then_moves(root: Path, example: RunningProject) -> None:
    without = example.client.get("/orders/board")
    assert (without.status_code, without.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "npm install" in without.text

    (root / "node_modules").symlink_to(FOLDER / "node_modules")
    with started("page.mjs", find_chromium(), f"{example.url}/orders/board") as page:
        page.ask("wait", place="#notice", text="No orders yet")
        page.ask("press", name="Order something")
        page.ask("wait", place=CARDS, text="Thank you! Your order comes to")
        id = example.client.post("/orders", json={"items": [{"name": "marmalade", "price": 1200}]}).json()["id"]
        page.ask("wait", place=f"{CARDS}:has-text('marmalade')", text=id[:8])
        (shown,) = page.ask("read", place=f"{CARDS}:has-text('marmalade')")
        assert {"1200.00", "a risky one", "Thank you! Your order comes to 1200.00."} <= set(shown.splitlines())
        assert [line["printed"] for line in page.lines() if "printed" in line] == []
        asked = [urlsplit(line["requested"]) for line in page.lines() if "requested" in line]
        assert {part.netloc for part in asked if part.scheme != "data"} == {urlsplit(example.url).netloc}


@pytest.mark.parametrize(
    "wanted",
    [
        "uuid/package.json",
        "uuid/dist/index.d.ts",
        "uuid/dist/none.js",
        "uuid/dist/..%2f..%2fws%2fwrapper.js",
        "ws/lib/websocket.js",
        "playwright-core/index.js",
        "..%2f..%2fsteps%2forders%2fboard-packages.js",
        "",
    ],
)
def test_only_the_scripts_of_the_client_are_served(root: Path, example: RunningProject, wanted: str) -> None:
    if not (root / "node_modules").exists():
        (root / "node_modules").symlink_to(FOLDER / "node_modules")
    assert example.client.get(f"/orders/board/packages/{wanted}").status_code == 404
    served = example.client.get("/orders/board/packages/uuid/dist/v4.js")
    assert (served.status_code, served.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
