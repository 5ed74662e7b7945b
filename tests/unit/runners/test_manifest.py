"""runners/manifest: `runner.toml` and which runners there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.manifest import InstalledRunner, find_runners

GOOD = 'language = "ruby"\ncommand = ["{ruby}", "{dir}/main.rb", "--x"]\nstep_files = ["*_step.rb"]\n'


def settings(**runners: object) -> Settings:
    return Settings.model_validate({"runners": runners})


def added(root: Path, text: str) -> list[InstalledRunner]:
    """The runners with one more, whose manifest is the text."""
    (root / "ruby").mkdir()
    (root / "ruby" / "runner.toml").write_text(text)
    return find_runners(root, settings(ruby={"manifest": "ruby"}))


def languages(runners: list[InstalledRunner]) -> list[str]:
    return [runner.manifest.language for runner in runners]


def test_python_comes_along() -> None:
    runners = {runner.manifest.language: runner for runner in find_runners(Path("none"), Settings())}
    python = runners["python"]
    assert python.takes_step("a_step.py")
    assert python.takes_stream("a.stream.py")
    assert not python.takes_step("a.stream.py")
    assert python.command({"python": "/usr/bin/python3", "node": "node"}) == [
        "/usr/bin/python3",
        str(python.folder / "main.py"),
    ]


def test_a_runner_can_be_turned_off() -> None:
    assert "python" not in languages(find_runners(Path("none"), settings(python={"enabled": False})))


def test_a_project_can_add_a_runner(tmp_path: Path) -> None:
    ruby = added(tmp_path, GOOD)[-1]
    assert (ruby.manifest.language, ruby.folder) == ("ruby", tmp_path / "ruby")
    assert ruby.takes_step("a_step.rb")
    assert not ruby.takes_stream("a_step.rb")
    assert ruby.command({"ruby": "ruby3"}) == ["ruby3", f"{tmp_path}/ruby/main.rb", "--x"]


def test_a_project_can_replace_a_runner(tmp_path: Path) -> None:
    (tmp_path / "runner.toml").write_text(GOOD.replace("ruby", "python"))
    runners = find_runners(tmp_path, settings(python={"manifest": "."}))
    assert [runner.folder for runner in runners if runner.manifest.language == "python"] == [tmp_path]


def test_a_name_that_is_no_runner_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        RunnerFault, match=r"runners.pyhton names no runner; those that come along are .*python"
    ) as raised:
        find_runners(Path("none"), settings(pyhton={"enabled": False}))
    assert "runners.pyhton.manifest" in raised.value.fix


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunnerFault, match=r"ruby/runner.toml cannot be read: No such file"):
        find_runners(tmp_path, settings(ruby={"manifest": "ruby"}))


def test_a_runner_that_is_off_may_be_missing(tmp_path: Path) -> None:
    assert "ruby" not in languages(find_runners(tmp_path, settings(ruby={"manifest": "ruby", "enabled": False})))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("language = ", "Invalid value"),
        ("", "language"),
        (GOOD + 'colour = "red"\n', "colour"),
        (GOOD.replace('"ruby"\n', '""\n'), "language"),
        ('language = "ruby"\ncommand = []\nstep_files = ["x"]\n', "command"),
        ('language = "ruby"\ncommand = ["x"]\nstep_files = []\n', "step_files"),
        ('language = "ruby"\ncommand = "x y"\nstep_files = ["x"]\n', "command"),
    ],
)
def test_a_manifest_that_is_not_valid_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(RunnerFault, match=r"runner\.toml is (not valid|no TOML)") as raised:
        added(tmp_path, text)
    assert key in str(raised.value)


@pytest.mark.parametrize("part", ["{pyhton}", "{", "{0}", "{dir.x.y}"])
def test_a_placeholder_that_is_not_known_is_refused(tmp_path: Path, part: str) -> None:
    ruby = added(tmp_path, GOOD.replace("{ruby}", part))[-1]
    with pytest.raises(RunnerFault, match=r"runner\.toml"):
        ruby.command({"python": "python", "node": "node"})
