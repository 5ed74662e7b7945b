"""cli/cron: schedules from the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.served import Served, run, serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_schedules_are_a_table(folder: Path) -> None:
    async with serving(folder):
        printed = await run("cron", "list")
    assert (printed.code, printed.err) == (0, "")
    rows = [[cell.strip() for cell in row.strip("│").split("│")] for row in printed.out.splitlines() if "│" in row]
    assert rows[0][:3] == ["Nightly", "0 0 * * *", "UTC"]
    assert rows[0][3] > rows[0][4] > "2023"
    assert rows[1] == ["Once", "0 0 29 2 *", "Europe/Berlin", "-", "-"]


async def test_programs_get_json_alone(folder: Path) -> None:
    async with serving(folder):
        printed = await run("cron", "list", "--json")
        assert [schedule["step"] for schedule in printed.json["schedules"]] == ["Nightly", "Once"]
        assert (await run("cron", "trigger", "Nightly", "--json")).json == {"id": "tick-id"}


async def test_a_project_without_schedules_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Served, "schedules", lambda self: [])
    async with serving(folder):
        assert (await run("cron", "list")).out == "No step has a schedule.\n"


async def test_a_schedule_is_triggered(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("cron", "trigger", "Nightly")).out == "triggered 'Nightly' as tick-id\n"
        printed = await run("cron", "trigger", "Nighly")
    assert served.triggered == ["Nightly"]
    assert (printed.code, printed.out) == (1, "")
    assert "no step 'Nighly' has a schedule; there are: Nightly, Once" in printed.err


async def test_a_wrong_use_is_said() -> None:
    assert (await run("cron", "trigger")).code == 2
    assert (await run("cron", "run")).code == 2


@pytest.mark.parametrize("command", ["list", "trigger"])
async def test_help_has_an_example(command: str) -> None:
    assert f"Example: runtime cron {command}" in (await run("cron", command, "--help")).out
