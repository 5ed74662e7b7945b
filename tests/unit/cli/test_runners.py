"""cli/runners: the runners' processes from the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.served import run, serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_processes_are_a_table(folder: Path) -> None:
    async with serving(folder):
        printed = await run("runners")
    assert (printed.code, printed.err) == (0, "")
    rows = [[cell.strip() for cell in row.strip("│").split("│")] for row in printed.out.splitlines() if "│" in row]
    assert rows == [
        ["node", "1", "4711", "serving", "3", "2", "80 MiB", "26%", "1", "1h 1m"],
        ["python", "1", "-", "given up", "1", "0", "-", "-", "5", "-"],
    ]


async def test_programs_get_json_alone(folder: Path) -> None:
    async with serving(folder):
        printed = await run("runners", "--json")
    assert [(each["language"], each["pid"]) for each in printed.json["runners"]] == [("node", 4711), ("python", None)]


async def test_a_project_without_runners_says_so(folder: Path) -> None:
    async with serving(folder) as served:
        served.processes.clear()
        assert (await run("runners")).out == "No runner runs: the project has no steps.\n"


@pytest.mark.parametrize(
    ("ago", "shown"), [(5, "5s"), (125, "2m 5s"), (7_260, "2h 1m"), (200_000, "2d 7h"), (-30, "0s")]
)
async def test_an_uptime_is_short(folder: Path, ago: float, shown: str) -> None:
    async with serving(folder) as served:
        first = served.processes[0]
        served.processes = [type(first)(*("node", 1, 1, 1, "serving", 0, None, None, 0), first.since + 3_700 - ago)]
        printed = await run("runners")
    assert f" {shown} " in printed.out


async def test_help_has_an_example() -> None:
    assert "Example: runtime runners" in (await run("runners", "--help")).out
