"""cli/create: what is made, what is said about it, and what is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runtime.__main__ import _app
from runtime.cli import create as command
from runtime.errors import RunnerFault
from runtime.scaffold.templates import TEMPLATES


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def create(*arguments: str, called: str = "runtime") -> Result:
    return CliRunner().invoke(_app, ["create", *arguments], prog_name=called)


def last_lines(result: Result) -> list[str]:
    """The steps that are shown last."""
    return [line.strip() for line in result.output.splitlines() if line.startswith("  ")]


def test_a_project_is_made_and_the_next_steps_are_shown(folder: Path) -> None:
    made = create("demo", "--template", "starter-python", "--no-install")
    assert (made.exit_code, made.stderr) == (0, "")
    assert made.output.splitlines()[0] == "starter-python written into demo"
    curl = """curl -s -X POST localhost:3000/greetings -H 'content-type: application/json' -d '{"name": "Ada"}'"""
    assert last_lines(made) == ["cd demo", "runtime install", "runtime dev", curl]
    assert (folder / "demo" / "steps" / "greetings" / "create_greeting_step.py").is_file()
    assert (folder / "demo" / "runtime_types.py").is_file()


@pytest.mark.parametrize("called", ["motia", "python -m runtime"])
def test_the_steps_are_said_as_the_command_was(called: str) -> None:
    made = create("demo", "--template", "starter-javascript", "--no-install", called=called)
    assert last_lines(made)[1:3] == [f"{called} install", f"{called} dev"]


@pytest.mark.parametrize("name", [".", "./"])
def test_a_project_in_the_current_folder_needs_no_cd(folder: Path, name: str) -> None:
    made = create(name, "--template", "starter-javascript", "--no-install")
    assert made.output.splitlines()[0] == "starter-javascript written into this folder"
    assert last_lines(made)[0] == "runtime install"
    assert (folder / "README.md").read_text().startswith(f"# {folder.name}\n")


def test_the_templates_are_listed(folder: Path) -> None:
    listed = create("--list")
    assert [line.split()[0] for line in listed.output.splitlines()] == [template.name for template in TEMPLATES]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), ("NAME and --template", "starter-multilang")),
        (("demo",), ("give --template",)),
        (("--template", "starter-python"), ("give a NAME",)),
        (("a b", "--template", "starter-python"), ("'a b' is no name",)),
        (("demo", "--template", "motia-tutorial-python"), ("did you mean starter-python",)),
    ],
)
def test_what_is_missing_or_wrong_is_a_usage_error(
    folder: Path, arguments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    refused = create(*arguments)
    assert refused.exit_code == 2
    message = " ".join(refused.stderr.replace("│", " ").split())
    assert all(each in message for each in said)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused(folder: Path) -> None:
    (folder / "demo").mkdir()
    (folder / "demo" / "main.py").touch()
    refused = create("demo", "--template", "starter-python")
    assert refused.exit_code == 1
    assert "is not empty: main.py" in refused.stderr


@pytest.mark.parametrize(("raised", "code"), [(RunnerFault("npm failed"), 1), (KeyboardInterrupt(), 130)])
def test_a_project_stays_when_its_packages_cannot_be_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int
) -> None:
    def failing(folder: Path) -> None:
        raise raised

    monkeypatch.setattr(command, "_install", failing)
    made = create("demo", "--template", "starter-typescript")
    assert made.exit_code == code
    assert ("error: npm failed" in made.stderr) == (code == 1)
    assert "its packages are not" in made.output
    assert last_lines(made) == ["cd demo", "runtime install", "runtime dev"]
    assert (folder / "demo" / "package.json").is_file()
