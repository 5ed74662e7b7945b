"""The order board of the example, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.project import REPOSITORY, RunningProject, eventually, running
from tests.integration.stream_clients import FOLDER, find_chromium, started

CARDS = "section[data-stage=confirmed] article"


def copied(root: Path) -> Path:
    """The example as it comes, without the packages of its page."""
    shutil.copytree(REPOSITORY / "steps", root / "steps", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(REPOSITORY / "package.json", root)
    return root


def install(root: Path) -> None:
    """Gives the page its packages."""
    (root / "node_modules").symlink_to(FOLDER / "node_modules")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    """The example with the packages of its page."""
    root = copied(tmp_path_factory.mktemp("example"))
    install(root)
    with running(root) as project:
        yield project


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[RunningProject]:
    """The example without the packages, and without an order."""
    with running(copied(tmp_path), "--no-install") as project:
        yield project


def test_the_board_asks_for_its_packages_and_then_moves(tmp_path: Path, bare: RunningProject) -> None:
    without = bare.client.get("/orders/board")
    assert (without.status_code, without.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "npm install" in without.text

    install(tmp_path)
    with started("page.mjs", find_chromium(), f"{bare.url}/orders/board") as page:
        page.ask("wait", place="#notice", text="No orders yet")
        page.ask("press", name="Order something")
        page.ask("wait", place=CARDS, text="Thank you! Your order comes to")
        id = bare.client.post("/orders", json={"items": [{"name": "marmalade", "price": 1200}]}).json()["id"]
        page.ask("wait", place=f"{CARDS}:has-text('marmalade')", text=id[:8])
        (shown,) = page.ask("read", place=f"{CARDS}:has-text('marmalade')")
        assert {"1200.00", "a risky one", "Thank you! Your order comes to 1200.00."} <= set(shown.splitlines())
        assert [line["printed"] for line in page.lines() if "printed" in line] == []
        asked = [urlsplit(line["requested"]) for line in page.lines() if "requested" in line]
        assert {part.netloc for part in asked if part.scheme != "data"} == {urlsplit(bare.url).netloc}


def test_the_board_times_only_what_it_has_seen_come(example: RunningProject) -> None:
    before = example.client.post("/orders", json={"items": [{"name": "elder", "price": 1}]}).json()["id"]
    assert eventually(lambda: example.client.get(f"/orders/{before}").json()["confirmation"], 10)
    with started("page.mjs", find_chromium(), f"{example.url}/orders/board") as page:
        page.ask("wait", place=f"{CARDS}:has-text('elder')", text=before[:8])
        example.client.post("/orders", json={"items": [{"name": "younger", "price": 1}]})
        page.ask("wait", place=f"{CARDS}:has-text('younger')", text="ms after it was received")
        (shown,) = page.ask("read", place=f"{CARDS}:has-text('elder')")
        assert "after it was received" not in shown


def test_no_order_breaks_the_board(example: RunningProject) -> None:
    for price, count in ((1e308, 2), (1, 101)):
        answer = example.client.post("/orders", json={"items": [{"name": "much", "price": price}] * count})
        assert answer.status_code == 400
    example.client.post("/orders", json={"items": [{"name": "odd", "price": 1}]})
    with started("page.mjs", find_chromium(), f"{example.url}/orders/board") as page:
        page.ask("wait", place=f"{CARDS}:has-text('odd')", text="odd")
        assert [line["printed"] for line in page.lines() if "printed" in line] == []


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
def test_only_the_scripts_of_the_client_are_served(example: RunningProject, wanted: str) -> None:
    assert example.client.get(f"/orders/board/packages/{wanted}").status_code == 404
    served = example.client.get("/orders/board/packages/uuid/dist/v4.js")
    assert (served.status_code, served.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
