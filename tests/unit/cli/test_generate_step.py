"""cli/generate_step: what is refused before any runner is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runtime.__main__ import _app
from runtime.web.control.announcement import announced

API = ("--type", "api", "--language", "python", "--name", "CreateUser")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --type, --language, --name: there is no terminal"),
        (API, "give --method, --path: there is no terminal"),
        ((*API[2:], "--type", "cron"), "give --cron: there is no terminal"),
        ((*API[2:], "--type", "apo"), "'apo' is none of api, event, cron, noop, state, stream"),
        ((*API[:2], "--language", "rust", *API[4:], "--method", "GET", "--path", "/x"), "'rust' is none of typescript"),
        ((*API[:4], "--name", "a/b", "--method", "GET", "--path", "/x"), "'a/b' is no name for a step"),
        ((*API, "--method", "GTE", "--path", "/x"), "a method is one of GET"),
        ((*API, "--method", "GET", "--path", "users"), "a path begins with '/'"),
        ((*API[2:], "--type", "cron", "--cron", "daily"), "not a cron expression"),
        ((*API, "--topic", "x"), "a step of type api has none"),
        ((*API, "--method", "GET", "--path", "/x", "--dir", "../x"), "'../x' is not inside steps/"),
        ((*API, "--method", "GET", "--path", "/x", "--dir", "/srv"), "'/srv' is not inside steps/"),
    ],
)
def test_what_is_missing_or_wrong_is_a_usage_error(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = CliRunner().invoke(_app, ["generate", "step", *arguments])
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.replace("│", " ").split())
    assert list(folder.iterdir()) == []


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(_app, ["generate", "step", *arguments])


def test_a_language_that_is_none_is_said_first() -> None:
    refused = generate("--language", "go")
    assert refused.exit_code == 2
    assert "'go' is none of typescript" in refused.stderr


BROKEN = "import no_such_package\nconfig = {'type': 'api', 'name': \"Users\", 'path': '/users/:id', 'method': 'GET'}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "Users", "--path", "/x"), "the name 'Users' is taken by steps/broken_step.py, which could not be"),
        (("--name", "Other", "--path", "/users/:name"), "the route GET /users/:name is taken by steps/broken_step.py"),
        (("--name", "test user", "--path", "/x"), "steps/test_user_step.py: files that are called test_*.py are tests"),
        (("--name", "X", "--path", "/x", "--dir", "deep/venv/a"), "steps/deep/venv belongs to a tool"),
        (("--name", "X", "--path", "/x", "--dir", "broken_step.py"), "broken_step.py is a file"),
    ],
)
def test_what_could_not_work_is_refused_and_leaves_nothing(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "steps").mkdir()
    (folder / "steps" / "broken_step.py").write_text(BROKEN)
    refused = generate(*API[:4], "--method", "GET", *arguments)
    assert refused.exit_code == 1
    assert said in refused.stderr
    left = {path.name for path in (folder / "steps").iterdir()} - {"__pycache__"}  # which loading it leaves
    assert left == {"broken_step.py"}


def test_the_types_are_written_with_the_step(folder: Path) -> None:
    (folder / "runtime.yaml").write_text("http: {port: 4567}\n")
    made = generate(*API, "--method", "GET", "--path", "/x", "--dir", "steps/users")
    assert (made.exit_code, made.stderr) == (0, "")
    assert made.output.splitlines() == [
        "steps/users/create_user_step.py written",
        "runtime_types.py written",
        "Try it: curl -s -X GET localhost:4567/x",
    ]
    assert "CreateUserRequest" in (folder / "runtime_types.py").read_text()


def test_a_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / ".runtime").touch()
    refused = generate(*API, "--method", "GET", "--path", "/x")
    assert refused.exit_code == 1
    assert "error: .runtime cannot be made" in refused.stderr


def test_what_runs_is_where_the_step_is_tried(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with announced(folder, "127.0.0.1", port, None):
            made = generate(*API, "--method", "GET", "--path", "/x")
    assert made.output.splitlines()[-1] == f"Try it: curl -s -X GET 127.0.0.1:{port}/x"
