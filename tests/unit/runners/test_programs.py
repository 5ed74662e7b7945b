"""runners/programs: which Python and Node run a project's steps, and what starts a runner."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.runners.manifest import InstalledRunner, RunnerManifest
from runtime.runners.programs import ProjectPython, find_programs, plan_launch, project_python


def settings(**runners: object) -> Settings:
    return Settings.model_validate({"runners": runners})


def environment(root: Path, name: str) -> Path:
    """A virtual environment, as far as a look tells."""
    program(root / name / "bin" / "python")
    (root / name / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return root / name


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def runner(*command: str, install: str = "") -> InstalledRunner:
    manifest = RunnerManifest(language="ruby", command=command, step_files=("*_step.rb",), install=install)
    return InstalledRunner(manifest, Path("/runner"))


def test_without_an_environment_the_cores_python_runs_the_steps(tmp_path: Path) -> None:
    assert project_python(tmp_path, Settings()) == ProjectPython(sys.executable)


def test_the_order_of_environments(tmp_path: Path) -> None:
    modules = environment(tmp_path, "python_modules")
    assert project_python(tmp_path, Settings()) == ProjectPython(str(modules / "bin" / "python"), modules)
    venv = environment(tmp_path, ".venv")
    assert project_python(tmp_path, Settings()) == ProjectPython(str(venv / "bin" / "python"), venv)
    configured = settings(python={"executable": "/opt/python"})
    assert project_python(tmp_path, configured) == ProjectPython("/opt/python")
    assert find_programs(configured, tmp_path, {})["python"] == "/opt/python"


def test_python_modules_may_be_a_folder_of_packages(tmp_path: Path) -> None:
    (tmp_path / "python_modules").mkdir()
    python = project_python(tmp_path, Settings())
    assert python == ProjectPython(sys.executable, packages=tmp_path / "python_modules")
    assert python.variables({"A": "1"}) == {"A": "1", "PYTHONPATH": str(tmp_path / "python_modules")}
    assert python.variables({"PYTHONPATH": "mine"}) == {"PYTHONPATH": f"{tmp_path / 'python_modules'}:mine"}


def test_a_folder_that_is_no_environment_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    assert project_python(tmp_path, Settings()) == ProjectPython(sys.executable)


def test_nothing_of_the_cores_environment_reaches_that_of_the_project(tmp_path: Path) -> None:
    python = project_python(environment(tmp_path, ".venv").parent, Settings())
    environ = {"VIRTUAL_ENV": sys.prefix, "PYTHONHOME": "/usr", "PYTHONPATH": "mine", "A": "1"}
    expected = {"VIRTUAL_ENV": str(tmp_path / ".venv"), "PYTHONPATH": "mine", "A": "1"}
    assert python.variables(environ) == expected
    assert ProjectPython(sys.executable).variables(environ) == environ


def test_node_may_be_configured(tmp_path: Path) -> None:
    assert find_programs(settings(node={"executable": "/opt/node"}), tmp_path, {"RUNTIME_NODE": "/x"})["node"] == (
        "/opt/node"
    )
    assert find_programs(Settings(), tmp_path, {"RUNTIME_NODE": "/x"})["node"] == "/x"


def test_without_a_wheel_node_is_that_of_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    node = program(tmp_path / "node")
    assert find_programs(Settings(), tmp_path, {"PATH": str(tmp_path)})["node"] == node
    assert find_programs(Settings(), tmp_path, {"PATH": "/nowhere"})["node"] == "node"


def test_what_starts_a_runner(tmp_path: Path) -> None:
    launch = plan_launch(runner("ruby", "{dir}/main.rb"), tmp_path, Settings(), {"A": "1"})
    assert (launch.language, launch.command, launch.root) == ("ruby", ("ruby", "/runner/main.rb"), tmp_path)
    assert launch.environment == {"A": "1"}
    assert launch.cache.is_dir()
    assert launch.cache.is_relative_to(tmp_path / ".runtime")


def test_only_python_gets_pythons_variables(tmp_path: Path) -> None:
    (tmp_path / "python_modules").mkdir()
    assert "PYTHONPATH" in plan_launch(runner("{python}"), tmp_path, Settings(), {}).environment
    assert plan_launch(runner("ruby"), tmp_path, Settings(), {}).environment == {}


def test_a_program_that_is_not_there_is_told_by_a_look(tmp_path: Path) -> None:
    def fault(command: str) -> str:
        return plan_launch(runner(command), tmp_path, Settings(), {"PATH": str(tmp_path / "bin")}).fault()

    assert fault("ruby") == "'ruby' is not on PATH"
    assert fault("./ruby") == "'./ruby' is not there, or cannot be executed"
    program(tmp_path / "bin" / "ruby")
    program(tmp_path / "ruby")
    assert fault("ruby") == fault("./ruby") == fault(str(tmp_path / "ruby")) == ""
    (tmp_path / "ruby").chmod(0o644)
    assert fault("./ruby") == "'./ruby' is not there, or cannot be executed"


def test_what_to_do_comes_from_the_manifest(tmp_path: Path) -> None:
    ruby = runner("ruby", install="apt-get install ruby")
    assert plan_launch(ruby, tmp_path, Settings(), {}).fix == "run `apt-get install ruby`"
    configured = settings(ruby={"executable": "/x", "manifest": "."})
    assert plan_launch(ruby, tmp_path, configured, {}).fix == (
        "correct runners.ruby.executable in runtime.yaml, or leave it out and run `apt-get install ruby`"
    )
    assert plan_launch(runner("ruby"), tmp_path, Settings(), {}).fix == "install what the ruby runner needs"


@pytest.mark.parametrize(
    ("made_with", "fault"),
    [
        ("version = 3.9.2", ".venv was made with Python 3.9, and the runner needs at least 3.11"),
        ("version_info = 3.10.0.final.0", ".venv was made with Python 3.10, and the runner needs at least 3.11"),
        ("version = 3.11.2", ""),
        ("", ""),
    ],
)
def test_an_environment_of_an_old_python_is_told_by_a_look(tmp_path: Path, made_with: str, fault: str) -> None:
    (environment(tmp_path, ".venv") / "pyvenv.cfg").write_text(f"home = /usr/bin\n{made_with}\n")
    assert project_python(tmp_path, Settings()).fault() == fault
    launch = plan_launch(runner("{python}"), tmp_path, Settings(), {})
    assert launch.fault() == fault
    assert not fault or launch.fix == "remove .venv and run `runtime install` again"


def test_an_environment_without_its_python_is_told_by_a_look(tmp_path: Path) -> None:
    python = environment(tmp_path, ".venv") / "bin" / "python"
    python.unlink()
    assert project_python(tmp_path, Settings()).fault() == "the Python of .venv is not there"
    python.symlink_to("/gone/python3")
    fault = "the Python of .venv leads to /gone/python3, which is not there"
    assert plan_launch(runner("{python}"), tmp_path, Settings(), {}).fault() == fault


def test_a_folder_that_is_no_environment_is_spoken_of(tmp_path: Path) -> None:
    assert plan_launch(runner("{python}"), tmp_path, Settings(), {}).notice == ""
    (tmp_path / ".venv").mkdir()
    notice = ".venv has no pyvenv.cfg, so it is no virtual environment"
    assert plan_launch(runner("{python}"), tmp_path, Settings(), {}).notice == notice
    assert plan_launch(runner("{python}"), tmp_path, settings(python={"executable": "/x"}), {}).notice == ""
