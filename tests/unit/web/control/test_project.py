"""web/control/project: sources are shown of what the project is known to consist of, and of nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from runtime.catalog import build_catalog
from runtime.model import LoadedFile, Manifest
from tests.unit.web.control.controlled import World, refused

STEP = "steps/a.step.ts"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    root = tmp_path / "project"
    (root / "steps").mkdir(parents=True)
    (root / STEP).write_text("export const config = {}\n")
    (root / "lib.py").write_text("price = 1\n")
    (root / ".env").write_text("SECRET=s3cr3t\n")
    (tmp_path / "outside.ts").write_text("s3cr3t")
    world = World(root)
    config = {"type": "event", "name": "A", "subscribes": ["t"], "flows": ["f"]}
    world.catalog = build_catalog([Manifest("node", (LoadedFile(STEP, config, has_handler=True),))])
    world.sources = {"lib.py"}
    yield world
    await world.client.aclose()


async def test_steps_and_what_they_import_are_shown(world: World, tmp_path: Path) -> None:
    answer = (await world.client.get("source", params={"file": STEP})).json()
    modified = datetime.fromisoformat(answer.pop("modified"))
    assert answer == {"file": STEP, "language": "typescript", "text": "export const config = {}\n"}
    assert abs(modified.timestamp() - (tmp_path / "project" / STEP).stat().st_mtime) < 0.002
    assert (await world.client.get("source", params={"file": "lib.py"})).json()["language"] == "python"


@pytest.mark.parametrize(
    "file",
    ["", ".env", "steps", "../outside.ts", "steps/../.env", "/etc/passwd", "./steps/a.step.ts", "steps/a.step.ts\x00"],
)
async def test_nothing_else_is_shown(world: World, file: str) -> None:
    refused(await world.client.get("source", params={"file": file}), 404)


@pytest.mark.parametrize("target", ["../../outside.ts", "lost.ts", "link.ts"])
async def test_a_link_that_leads_out_or_nowhere_is_not_followed(world: World, tmp_path: Path, target: str) -> None:
    (tmp_path / "project/steps/link.ts").symlink_to(target)
    world.sources.add("steps/link.ts")
    answer = refused(await world.client.get("source", params={"file": "steps/link.ts"}), 404)
    assert "s3cr3t" not in str(answer)


async def test_a_link_inside_the_project_is(world: World, tmp_path: Path) -> None:
    (tmp_path / "project/steps/link.py").symlink_to("../lib.py")
    world.sources.add("steps/link.py")
    assert (await world.client.get("source", params={"file": "steps/link.py"})).json()["text"] == "price = 1\n"


async def test_the_project_says_what_it_consists_of(world: World) -> None:
    answer = (await world.client.get("project")).json()
    assert (answer["name"], answer["mode"], answer["address"], answer["flows"]) == (
        "shop",
        "development",
        "http://localhost",
        ["f"],
    )
    [step] = answer["steps"]
    assert (step["name"], step["triggers"]) == ("A", [{"kind": "event", "topic": "t", "inputSchema": None}])
