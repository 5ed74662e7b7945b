"""cli/generate_step: what is refused before any runner is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.__main__ import _app

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
