"""cli/emit: an event from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.served import run, serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_an_event_is_emitted(folder: Path) -> None:
    async with serving(folder) as served:
        printed = await run("emit", "--topic", "order.created", "--message", '{"orderId": 7, "ü": [null]}')
    assert (printed.code, printed.out, printed.err) == (0, "emitted event-id to 'order.created'\n", "")
    assert served.emitted == [("order.created", {"orderId": 7, "ü": [None]}, {})]


async def test_programs_get_json_alone(folder: Path) -> None:
    async with serving(folder):
        printed = await run("emit", "--topic", "t", "--message", "1", "--json")
    assert printed.json == {"id": "event-id", "subscribers": ["On t"], "nearest": None}
    assert printed.err == ""


@pytest.mark.parametrize(
    ("option", "read"),
    [
        ("delay=30", {"delay": 30}),
        ("delay=0.5", {"delay": 0.5}),
        ("delay=2030-01-01T00:00:00Z", {"delay": "2030-01-01T00:00:00Z"}),
        ("priority=-2", {"priority": -2}),
        ("messageGroupId=7", {"messageGroupId": "7"}),
        ("idempotencyKey=a=b", {"idempotencyKey": "a=b"}),
    ],
)
async def test_options_have_the_type_they_need(folder: Path, option: str, read: dict[str, Any]) -> None:
    async with serving(folder) as served:
        assert (await run("emit", "--topic", "t", "--message", "1", "--option", option)).code == 0
    assert served.emitted[0][2] == read
    assert type(next(iter(served.emitted[0][2].values()))) is type(next(iter(read.values())))


async def test_what_the_runtime_refuses_is_said(folder: Path) -> None:
    async with serving(folder):
        printed = await run("emit", "--topic", "t", "--message", "1", "--option", "dely=1", "--json")
    assert (printed.code, printed.out, printed.err) == (1, "", "error: 'dely' is no option of emit\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--message", "1"], "--topic"),
        (["--topic", "t"], "--message"),
        (["--topic", "t", "--message", "{"], "--message"),
        (["--topic", "t", "--message", "text"], "needs its quotes"),
        (["--topic", "t", "--message", "1", "--option", "delay"], "KEY=VALUE"),
        (["--topic", "t", "--message", "1", "--dely", "1"], "--dely"),
    ],
)
async def test_a_wrong_use_is_said_before_anything_is_asked(arguments: list[str], said: str) -> None:
    printed = await run("emit", *arguments)
    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err


async def test_help_has_an_example() -> None:
    assert "Example: runtime emit --topic" in (await run("emit", "--help")).out
