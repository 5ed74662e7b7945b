"""What the README shows is what happens: its calls are made and their answers compared."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.integration.project import REPOSITORY, eventually, running, write_project

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _calls() -> list[tuple[str, str]]:
    """Each command of the README's terminal block with the answer that stands under it."""
    block = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert block is not None
    return _calls_of(block[1])


def _calls_of(block: str) -> list[tuple[str, str]]:
    parts = re.findall(r"^\$ (.+)\n((?:(?!\$ ).+\n)+)", block, re.MULTILINE)
    return [(command, answer.rstrip("\n")) for command, answer in parts]


def test_the_calls_of_the_readme_give_the_answers_that_it_shows() -> None:
    calls = _calls()
    assert len(calls) == 3
    shown_id = _ID.search(calls[0][1])
    assert shown_id is not None
    with running(REPOSITORY) as project:
        real_id = ""
        for command, answer in calls:
            command = command.replace("http://", "").replace("localhost:3000", project.url.removeprefix("http://"))
            command = command.replace(shown_id[0], real_id)
            if real_id:
                assert eventually(lambda id=real_id: _is_confirmed(project.url, id), 5)  # type: ignore[misc]
            printed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
            found = _ID.search(printed)
            real_id = real_id or (found[0] if found else "")
            assert printed == answer.replace(shown_id[0], real_id)


def _is_confirmed(url: str, id: str) -> bool:
    return bool(httpx.get(f"{url}/orders/{id}").json()["confirmation"])


def test_the_step_of_the_readme_runs(tmp_path: Path) -> None:
    step = re.search(r"```python\n# (steps/\S+)\n(.*?)```", README, re.DOTALL)
    assert step is not None
    with running(write_project(tmp_path, {step[1]: step[2]})) as project:
        assert project.client.get("/hello/you").json() == {"hello": "you"}


def test_the_project_of_the_readme_lies_beside_the_clone(tmp_path: Path) -> None:
    """Its commands run as they stand, but that no packages are installed and nothing goes on running."""
    block = re.search(r"## Your own project\n\n```sh\n(.*?)```", README, re.DOTALL)
    assert block is not None
    program = tmp_path / "clone" / ".venv" / "bin" / "runtime"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\n[ "$1" = dev ] && exec pwd\nexec {sys.executable} -m runtime "$@" --no-install\n')
    program.chmod(0o755)
    command = ["bash", "-ec", block[1]]
    done = subprocess.run(command, cwd=tmp_path / "clone", capture_output=True, text=True, check=True)
    assert done.stdout.endswith(f"{tmp_path}/demo\n")
    assert [path.name for path in (tmp_path / "clone").iterdir()] == [".venv"]


def test_the_tree_in_the_architecture_names_what_is_there() -> None:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:core|runners|tests|triggers|services|storage|web)/[\w./-]+)`", text)
    assert named
    places = [REPOSITORY, REPOSITORY / "core" / "runtime"]
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
LANGUAGES = {"ts": "//", "python": "#"}


def _steps(page: str, language: str) -> dict[str, str]:
    """The files that a page shows whole: blocks that begin with their path."""
    path = r"(?:steps/|motia[._]config)\S+"
    blocks = re.findall(rf"```{language}\n{LANGUAGES[language]} ({path})\n(.*?)```", page, re.DOTALL)
    return dict(blocks)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_steps_of_a_page_load(tmp_path: Path, page: Path, language: str) -> None:
    steps = _steps(page.read_text(encoding="utf-8"), language)
    if not steps:
        pytest.skip("the page shows no whole step in this language")
    with running(write_project(tmp_path, {"package.json": "{}", **steps})) as project:
        assert project.output.count("[CREATED]") == len(steps)
        assert [line for line in project.told("problem") if line["level"] == "error"] == []


@pytest.mark.parametrize("name", ["http", "observability", "schemas", "state", "steps", "streams"])
def test_the_calls_of_a_page_give_the_answers_that_it_shows(tmp_path: Path, name: str) -> None:
    page = (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8")
    calls = [found for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL) for found in _calls_of(block)]
    assert len(calls) > 1
    with running(write_project(tmp_path, _steps(page, "python"))) as project:
        for command, answer in calls:
            there = _ours(command.replace("localhost:3000", project.url.removeprefix("http://")))
            printed = subprocess.run(["bash", "-c", there], cwd=tmp_path, capture_output=True, text=True, check=True)
            assert printed.stdout.rstrip("\n") == answer


def _ours(command: str) -> str:
    """The command, asking the runtime that is tested."""
    return re.sub(r"^runtime ", f"{sys.executable} -m runtime ", command)


def test_the_commands_of_the_pages_work(tmp_path: Path) -> None:
    """Each command that a page shows is one that there is; what it names may not be there."""
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    steps = {path: text for page in pages for path, text in _steps(page, "python").items()}
    blocks = [block for page in pages for block in re.findall(r"```\n(.*?)```", page, re.DOTALL)]
    commands = [line for block in blocks for line in block.splitlines() if line.startswith("runtime ")]
    assert len(commands) > 8
    with running(write_project(tmp_path, steps)):
        for command in commands:
            done = subprocess.run(
                ["bash", "-c", _ours(command)], cwd=tmp_path, capture_output=True, text=True, timeout=30
            )
            assert done.returncode in (0, 1), f"{command}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stderr


def test_the_parameters_of_the_page_on_descriptions_are_those_of_its_step(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "openapi.md").read_text(encoding="utf-8")
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    with running(write_project(tmp_path, {"package.json": "{}", **_steps(page, "ts")})) as project:
        (item,) = project.client.get("/openapi.json").json()["paths"].values()
    assert item["get"]["parameters"] == json.loads(shown[1])


def test_the_waterfall_of_the_page_on_traces_is_what_is_drawn(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "observability.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    with running(write_project(tmp_path, _steps(page, "python"))) as project:
        trace_id = project.client.post("/orders", json={"item": "book"}).headers["x-trace-id"]
        words = [sys.executable, "-m", "runtime", "traces", "show", trace_id]

        def drawn() -> str:
            return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

        assert eventually(lambda: _without_times(drawn()) == _without_times(shown[1]), 10), drawn()


def _without_times(waterfall: str) -> list[str]:
    """The lines without bars, times and waits."""
    text = re.sub(r"[\d.]+ m?s\b|\d{4}-\d\d-\d\d [\d:]+|[0-9a-f]{32}|[█░]", "", waterfall)
    return [" ".join(re.sub(r"\([queuwaitd, ]+\)", "", line).split()) for line in text.rstrip().splitlines()]
