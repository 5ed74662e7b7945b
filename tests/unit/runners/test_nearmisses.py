"""runners/nearmisses: files that look like steps and are called otherwise, and helpers that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.model import Severity
from runtime.runners.discovery import discover
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.nearmisses import near_misses

NODE = "export const config: ApiRouteConfig = {\n  type: 'api', path: '/a' }\nexport const handler = async () => {}\n"
COMMON = "const config = { type: 'event' }\nasync function handler() {}\nmodule.exports = { config, handler }\n"
PYTHON = 'config = {"type": "cron", "cron": "* * * * *"}\n\n\nasync def handler(ctx):\n    pass\n'
RUBY = "CONFIG = { type: 'event' }.freeze\n\ndef handler(input, ctx)\nend\n"
STREAM = "export const config = { name: 'chat' }\n"


@pytest.fixture(scope="module")
def installed() -> list[InstalledRunner]:
    """The runners that come along."""
    return find_runners(Path("none"), Settings())


def told(root: Path, installed: list[InstalledRunner], files: dict[str, str]) -> dict[str, str]:
    """The fix of each warning by its file."""
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = near_misses(root, installed, discover(root, installed).scanned)
    assert all(problem.severity is Severity.WARNING and problem.message for problem in found)
    return {problem.file: problem.fix for problem in found}


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("hello.ts", NODE, "hello.step.ts"),
        ("hello.js", COMMON, "hello.step.js"),
        ("hello.py", PYTHON, "hello_step.py"),
        ("hello.Step.ts", NODE, "hello.step.ts"),
        ("hello.step.TS", NODE, "hello.step.ts"),
        ("helloStep.ts", NODE, "hello.step.ts"),
        ("hello-step.ts", NODE, "hello.step.ts"),
        ("hello-step.py", PYTHON, "hello_step.py"),
        ("hello.steps.js", COMMON, "hello.step.js"),
        ("hello_step.mts", NODE, "hello.step.mts"),
        ("hello.step.tsx", NODE, "hello.step.ts"),
        ("hello-step.rb", RUBY, "hello_step.rb"),
        ("chat-stream.ts", STREAM, "chat.stream.ts"),
    ],
)
def test_a_name_that_is_nearly_a_step_s(
    tmp_path: Path, installed: list[InstalledRunner], file: str, text: str, name: str
) -> None:
    for folder in ("steps", "src/deep"):
        found = told(tmp_path, installed, {f"{folder}/{file}": text})
        assert found[f"{folder}/{file}"] == f"if it is one, rename it to {name}"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("hello.step.ts", NODE),
        ("hello_step.py", PYTHON),
        ("db.ts", "export const config = { url: 'x' }\nexport const handler = () => {}\n"),
        ("db.py", 'config = {"type": "postgres"}\n\ndef handler(row):\n    pass\n'),
        ("next-step.ts", "export function nextStep() {}\n"),
        ("step.ts", "export type Step = { type: 'api' }\n"),
        ("types.ts", "const kinds = { type: 'api' }\n  const config = 1\n"),
        ("hello.test.ts", NODE),
        ("test_hello.py", PYTHON),
        ("notes_step.md", PYTHON),
        ("first_step.json", "{}"),
        ("footstep.ts", NODE.replace("handler", "other")),
        ("node_modules/x/hello.ts", NODE),
        ("big.ts", NODE + " " * 300_000),
    ],
)
def test_no_wolf_is_cried(tmp_path: Path, installed: list[InstalledRunner], file: str, text: str) -> None:
    assert told(tmp_path, installed, {f"steps/{file}": text}) == {}


def test_the_workbench_node_of_a_step_is_none(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    assert told(tmp_path, installed, {"steps/a.step.ts": NODE, "steps/a.step.tsx": NODE}) == {}
    assert told(tmp_path, installed, {"steps/b_step.py": PYTHON, "steps/b_step.tsx": NODE}) == {}


def test_a_language_that_no_runner_is_on_for(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    without_ruby = [runner for runner in installed if runner.manifest.language != "ruby"]
    files = {"steps/a_step.rb": RUBY, "steps/b.step.go": "package main", "steps/c.rb": RUBY}
    assert set(told(tmp_path, without_ruby, files)) == {"steps/a_step.rb", "steps/b.step.go"}
    assert set(told(tmp_path, installed, {})) == {"steps/b.step.go", "steps/c.rb"}


def test_steps_in_the_wrong_place(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    files = {
        "a.step.ts": NODE,
        "Steps/b_step.py": PYTHON,
        "source/c.step.ts": NODE,
        "app/d.step.ts": NODE,
        "e.ts": NODE,
    }
    assert told(tmp_path, installed, files) == {
        "a.step.ts": "move it to steps/a.step.ts",
        "Steps/": "rename the folder to steps",
        "source/": "rename the folder to steps",
    }


def test_steps_all_in_the_wrong_place_are_one_warning(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    files = {f"{letter}.step.ts": NODE for letter in "abc"}
    assert told(tmp_path, installed, files) == {"a.step.ts": "move it to steps/a.step.ts"}
    [problem] = near_misses(tmp_path, installed, ())
    assert "(so are 2 others beside it)" in problem.message


def test_a_file_that_cannot_be_read_harms_nobody(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps/gone-step.ts").symlink_to("nowhere")
    (tmp_path / "steps/folder-step.ts").mkdir()
    assert told(tmp_path, installed, {}) == {}


def test_an_empty_project(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    assert told(tmp_path, installed, {}) == {}
