"""runners/packages/upkeep: what is the runtime's to install, told by a look at files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.runners.manifest import find_runners
from runtime.runners.packages.npm import install_npm
from runtime.runners.packages.stamp import note_begun, note_installed
from runtime.runners.packages.upkeep import Outdated, Project, outdated

FINE = Outdated()


def project(root: Path, settings: Settings | None = None, **environ: str) -> Project:
    settings = settings or Settings()
    return Project(root, settings, environ, find_runners(root, settings))


def ask(root: Path, **packages: str) -> None:
    (root / "package.json").write_text(json.dumps({"dependencies": packages}))


def package(root: Path, name: str) -> Path:
    folder = root / "node_modules" / name
    folder.mkdir(parents=True)
    return folder


def test_nothing_is_wanted_of_an_empty_project(tmp_path: Path) -> None:
    assert outdated(project(tmp_path)) == FINE
    ask(tmp_path)
    (tmp_path / "requirements.txt").write_text("# none\n")
    assert outdated(project(tmp_path)) == FINE


def test_packages_without_node_modules_are_ours_to_install(tmp_path: Path) -> None:
    ask(tmp_path, ms="1")
    assert outdated(project(tmp_path)) == Outdated(("node",))
    (tmp_path / "node_modules" / ".cache").mkdir(parents=True)
    assert outdated(project(tmp_path)) == Outdated(("node",))


def test_packages_that_others_have_installed_are_theirs(tmp_path: Path) -> None:
    ask(tmp_path, ms="1")
    package(tmp_path, "ms")
    assert outdated(project(tmp_path)) == FINE
    ask(tmp_path, ms="1", nanoid="3")
    line = "npm: nanoid of package.json is not installed: run `npm install`"
    assert outdated(project(tmp_path)) == Outdated(advice=(line,))


@pytest.mark.parametrize(("lock", "tool"), [("yarn.lock", "yarn"), ("pnpm-lock.yaml", "pnpm"), ("bun.lock", "bun")])
def test_the_project_of_another_tool_is_left_to_it(tmp_path: Path, lock: str, tool: str) -> None:
    ask(tmp_path, ms="1")
    (tmp_path / lock).touch()
    line = f"{tool}: ms of package.json is not installed: run `{tool} install`"
    assert outdated(project(tmp_path)) == Outdated(advice=(line,))


def test_many_missing_packages_are_one_line(tmp_path: Path) -> None:
    ask(tmp_path, a="1", b="1", c="1", d="1", e="1")
    package(tmp_path, "x")
    [line] = outdated(project(tmp_path)).advice
    assert "a, b, c, 2 more of package.json" in line


def install(root: Path) -> None:
    npm = root / "bin" / "npm"
    npm.parent.mkdir(exist_ok=True)
    npm.write_text('#!/bin/sh\necho "$1" >> calls\nmkdir -p node_modules/ms\n')
    npm.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "RUNTIME_NODE": str(root / "bin" / "node")}
    install_npm(root, Settings(), environ, list[str]().append, keeps=True)


def test_what_we_have_installed_is_ours_to_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.runners.packages.npm.node_wheels", list)
    ask(tmp_path, ms="1")
    (tmp_path / "package-lock.json").write_text("{}")
    install(tmp_path)
    assert outdated(project(tmp_path)) == FINE
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"dev": "x"}, "dependencies": {"ms": "1"}}))
    assert outdated(project(tmp_path)) == FINE
    ask(tmp_path, ms="2")
    assert outdated(project(tmp_path)) == Outdated(("node",))
    install(tmp_path)
    assert (tmp_path / "calls").read_text().split() == ["install", "install"]
    assert outdated(project(tmp_path)) == FINE


def test_an_installation_that_was_cut_short_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    ask(tmp_path, ms="1")
    package(tmp_path, "ms")
    (tmp_path / "node_modules" / ".package-lock.json").write_text("{}")
    note_begun(tmp_path / "node_modules", "npm install")
    assert outdated(project(tmp_path)) == Outdated(("node",))


def test_an_npm_that_installs_is_not_started_again(tmp_path: Path) -> None:
    ask(tmp_path, ms="1")
    assert outdated(project(tmp_path, npm_lifecycle_event="postinstall")).languages == ()


def test_a_manifest_that_is_bad_is_said_and_holds_up_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{,}")
    (tmp_path / "requirements.txt").write_text("no-such-package-of-ours\n")
    found = outdated(project(tmp_path))
    assert found.languages == ("python",)
    assert ["package.json is not valid JSON" in line for line in found.advice] == [True]


def test_a_language_that_is_turned_off_is_left_alone(tmp_path: Path) -> None:
    ask(tmp_path, ms="1")
    (tmp_path / "requirements.txt").write_text("no-such-package-of-ours\n")
    off = Settings.model_validate({"runners": {"node": {"enabled": False}, "python": {"enabled": False}}})
    assert outdated(project(tmp_path, off)) == FINE


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("pytest\n", False),
        ("PyTest[dev]>=1 # here\n", False),
        ("pytest\nno-such-package-of-ours==1\n", True),
        ("no-such-package-of-ours; sys_platform == 'none'\n", False),
        ("--index-url https://example.test/simple\npytest\n", False),
        ("./packages/ours\n", True),
        ("-e .\n", True),
    ],
)
def test_without_an_environment_what_the_core_has_is_enough(tmp_path: Path, lines: str, wanted: bool) -> None:
    (tmp_path / "requirements.txt").write_text(lines)
    assert outdated(project(tmp_path)) == (Outdated(("python",)) if wanted else FINE)


def environment(root: Path) -> Path:
    folder = root / ".venv"
    (folder / "lib" / "python3.11" / "site-packages" / "roman-5.1.dist-info").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("version = 3.11.2\n")
    return folder


def test_an_environment_that_others_have_made_is_theirs(tmp_path: Path) -> None:
    environment(tmp_path)
    (tmp_path / "requirements.txt").write_text("roman==5.1\n-e .\n")
    assert outdated(project(tmp_path)) == FINE
    (tmp_path / "requirements.txt").write_text("roman==5.1\nother-package\n")
    line = "Python: other-package of requirements.txt is not installed: run `runtime install`"
    assert outdated(project(tmp_path)) == Outdated(advice=(line,))


def test_an_environment_of_ours_is_kept_current(tmp_path: Path) -> None:
    note_installed(environment(tmp_path), "what was wanted before")
    (tmp_path / "requirements.txt").write_text("roman==5.1\n")
    assert outdated(project(tmp_path)) == Outdated(("python",))


def test_an_interpreter_of_the_settings_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-package-of-ours\n")
    own = Settings.model_validate({"runners": {"python": {"executable": "/usr/bin/python3"}}})
    assert outdated(project(tmp_path, own)) == FINE
