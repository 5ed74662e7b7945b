"""web/control/layout: positions are kept in the user's file, and what else stands in it stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.control.controlled import World, refused

FILE = "motia-workbench.json"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    await world.client.aclose()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def place(world: World, flow: Any, positions: Any) -> Any:
    return await world.client.put("layout", json={"flow": flow, "positions": positions})


async def test_what_others_wrote_into_the_file_stays(world: World, tmp_path: Path) -> None:
    before = [
        {"id": "other", "config": {"c": {"x": 9, "y": 9}}},
        {"id": "orders", "mark": 1, "config": {"a": {"x": 1, "y": 2, "sourceHandlePosition": "right"}, "b": {"x": 3}}},
    ]
    tmp_path.joinpath(FILE).write_text(json.dumps(before))
    answer = await place(world, "orders", {"a": {"x": 10.5, "y": -20}, "ü.ts": {"x": 0, "y": 0}})
    config = {"a": {"x": 10.5, "y": -20, "sourceHandlePosition": "right"}, "b": {"x": 3}, "ü.ts": {"x": 0, "y": 0}}
    after = [before[0], {"id": "orders", "mark": 1, "config": config}]
    assert answer.json() == {"flows": after}
    assert json.loads(tmp_path.joinpath(FILE).read_text(encoding="utf-8")) == after
    assert names(tmp_path) == [FILE]


async def test_without_a_file_one_is_made(world: World, tmp_path: Path) -> None:
    assert (await world.client.get("layout")).json() == {"flows": []}
    assert names(tmp_path) == []
    await place(world, "new", {"a": {"x": 1, "y": 2}})
    assert (await world.client.get("layout")).json() == {"flows": [{"id": "new", "config": {"a": {"x": 1, "y": 2}}}]}


async def test_null_forgets_a_position_and_nothing_else(world: World, tmp_path: Path) -> None:
    config = {"a": {"x": 1, "y": 2, "sourceHandlePosition": "right"}, "b": {"x": 3, "y": 4}, "c": {"x": 5, "y": 6}}
    tmp_path.joinpath(FILE).write_text(json.dumps([{"id": "orders", "config": config}]))
    answer = await place(world, "orders", {"a": None, "b": None, "unknown": None})
    left = {"a": {"sourceHandlePosition": "right"}, "c": {"x": 5, "y": 6}}
    assert answer.json() == {"flows": [{"id": "orders", "config": left}]}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[1]",
        "\x00",
        "[" * 100_000,
        f'[{{"id": {"[" * 600}{"]" * 600}}}]',
        '[{"id": NaN}]',
        '[{"id": "f", "config": {"a": {"x": -Infinity}}}]',
        '[{"id": "f", "at": 1e999}]',
        '[{"id": "\\ud800"}]',
        f'[{{"id": {"9" * 5000}}}]',
    ],
)
async def test_a_file_that_is_none_of_ours_is_left_as_it_is(world: World, tmp_path: Path, text: str) -> None:
    tmp_path.joinpath(FILE).write_text(text)
    assert "correct it, or remove it" in refused(await world.client.get("layout"), 409)["detail"]
    refused(await place(world, "f", {"a": {"x": 1, "y": 2}}), 409)
    assert tmp_path.joinpath(FILE).read_text() == text


@pytest.mark.parametrize(
    "positions",
    [
        None,
        [],
        {"a": 5},
        {"a": {"x": 1}},
        {"a": {"x": 1, "y": "2"}},
        {"a": {"x": True, "y": 1}},
        {"a": {"x": 1, "y": 2, "z": 3}},
    ],
)
async def test_what_is_no_position_is_refused(world: World, tmp_path: Path, positions: Any) -> None:
    refused(await place(world, "f", positions), 400)
    refused(await place(world, 5, {}), 400)
    assert names(tmp_path) == []
