"""scaffold/steps: names, files and texts of new steps."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.definitions.steps import default_name, read_step
from runtime.errors import RuntimeFault
from runtime.generate.schemas import type_name
from runtime.scaffold.steps import KINDS, LANGUAGES, MAX_NAME, NewStep, step_name, words

DETAILS = {"method": "POST", "path": "/x", "topic": "x", "cron": "@daily", "group": "x", "stream": "x"}


def new_step(kind: str, language: str, name: str = "CreateUser", **details: str) -> NewStep:
    needed = [detail.option for detail in KINDS[kind].details]
    return NewStep(KINDS[kind], LANGUAGES[language], name, {each: {**DETAILS, **details}[each] for each in needed})


@pytest.mark.parametrize(
    ("given", "name", "kebab", "snake"),
    [
        ("CreateUser", "CreateUser", "create-user", "create_user"),
        ("create user", "CreateUser", "create-user", "create_user"),
        (" create-user.v2 ", "CreateUserV2", "create-user-v2", "create_user_v2"),
        ("HTTPCheck", "HTTPCheck", "http-check", "http_check"),
        ("x", "X", "x", "x"),
        ("sync2", "Sync2", "sync2", "sync2"),
        ("PtyStep", "PtyStep", "pty", "pty"),
        ("pty step", "PtyStep", "pty", "pty"),
        ("Step", "Step", "step", "step"),
        ("Footstep", "Footstep", "footstep", "footstep"),
    ],
)
def test_a_name_fits_a_config_a_type_and_files(given: str, name: str, kebab: str, snake: str) -> None:
    assert step_name(given) == name == type_name(name)
    assert new_step("api", "typescript", name).file_name() == f"{kebab}.step.ts"
    assert new_step("api", "javascript", name).file_name() == f"{kebab}.step.js"
    assert new_step("api", "python", name).file_name() == f"{snake}_step.py"
    assert default_name(new_step("api", "python", name).file_name()) == snake


@pytest.mark.parametrize("given", ["", "9lives", "größe", "a/b", "../x", "_x", "a'b", "a" * (MAX_NAME + 1)])
def test_other_names_are_refused(given: str) -> None:
    with pytest.raises(RuntimeFault, match="is no name for a step"):
        step_name(given)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_place_in_a_step_is_filled(kind: str, language: str) -> None:
    step = new_step(kind, language)
    texts = [step.text(), *([step.stream_text()] if kind == "stream" else [])]
    assert "CreateUser" in texts[0]
    assert not any("STEP_" in text for text in texts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_of_a_python_step_is_the_one_that_was_checked(kind: str) -> None:
    step = new_step(kind, "python")
    found, problems = read_step(step.file_name(), "python", step.config(), has_handler=True)
    assert problems == []
    assert found is not None
    assert {**config_in(step.text()), **step.config()} == config_in(step.text())


@pytest.mark.parametrize("topic", ["it's", 'a "b"', "a\\", "a\nb", "größe", "😀", "STEP_NAME"])
def test_any_text_stands_in_a_literal(topic: str) -> None:
    step = new_step("event", "python", topic=topic)
    assert config_in(step.text())["subscribes"] == [topic]
    single_quoted = new_step("event", "typescript", topic=topic).text().partition("subscribes: [")[2].partition("]")[0]
    assert ast.literal_eval(single_quoted) == topic


def test_a_stream_without_latin_letters_is_filed_under_the_name_of_its_step() -> None:
    assert new_step("stream", "typescript", stream="世界").stream_file_name() == "create-user.stream.ts"
    assert new_step("stream", "python", stream="orderBoard").stream_file_name() == "order_board_stream.py"
    assert new_step("stream", "python", stream="orderStream").stream_file_name() == "order_stream.py"
    assert words("世界", "-") == ""


def config_in(text: str) -> dict[str, Any]:
    """The literal behind `config =` of a Python step."""
    (assigned,) = (node.value for node in ast.parse(text).body if isinstance(node, ast.Assign))
    found: dict[str, Any] = ast.literal_eval(assigned)
    return found


@pytest.mark.parametrize("name", ["X", "CreateUser", "SynchroniseTheInventoryOfWarehouses"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_python_step_is_formatted_as_ruff_would(tmp_path: Path, kind: str, name: str) -> None:
    step = new_step(kind, "python", name, topic="it's", group='a "b"', path="/it's")
    texts = {
        step.file_name(): step.text(),
        **({step.stream_file_name(): step.stream_text()} if kind == "stream" else {}),
    }
    for file, text in texts.items():
        (tmp_path / file).write_text(text)
    for arguments in (["format", "--check", "--diff"], ["check", "--select", "I"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--isolated", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
