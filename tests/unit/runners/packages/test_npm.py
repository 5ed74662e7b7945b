"""runners/packages/npm: when npm is run, and how; npm itself stands in the integration tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.packages.npm import install_npm, npm_packages

FAKE_NPM = """#!/bin/sh
echo "$@" >> calls
mkdir -p node_modules/ms
[ -z "$NPM_FAILS" ] || { echo "npm error 404 'gone@1' is not in this registry"; exit 1; }
[ "$1" != install ] || echo '{}' > package-lock.json
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that asks for a package, and an npm on PATH that only writes down how it is called."""
    monkeypatch.setattr("runtime.runners.packages.npm.node_wheels", list)
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(FAKE_NPM)
    npm.chmod(0o755)
    ask(tmp_path, ms="1")
    return tmp_path


def ask(root: Path, **packages: str) -> None:
    (root / "package.json").write_text(json.dumps({"dependencies": packages}))


def install(root: Path, **environ: str) -> list[str]:
    """What is said."""
    said: list[str] = []
    install_npm(
        root,
        Settings(),
        {"PATH": os.environ["PATH"], "RUNTIME_NODE": str(root / "bin" / "node"), **environ},
        said.append,
    )
    return said


def calls(root: Path) -> list[str]:
    """The first word of each call of npm."""
    return [line.split()[0] for line in (root / "calls").read_text().splitlines()] if (root / "calls").exists() else []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{}", set()),
        ('{"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}, "optionalDependencies": {"c": "1"}}', set("abc")),
        ('{"dependencies": [], "peerDependencies": {"d": "1"}}', set()),
    ],
)
def test_what_is_asked_for(tmp_path: Path, text: str, names: set[str]) -> None:
    (tmp_path / "package.json").write_text(text)
    assert npm_packages(tmp_path) == names


def test_a_package_json_that_is_none_is_named(tmp_path: Path) -> None:
    assert npm_packages(tmp_path) == set()
    (tmp_path / "package.json").write_text("{,}")
    with pytest.raises(RunnerFault, match=r"package\.json is not valid JSON"):
        npm_packages(tmp_path)


@pytest.mark.parametrize("text", ["[]", '"x"', "null"])
def test_a_manifest_that_is_no_object_is_refused(root: Path, text: str) -> None:
    (root / "package.json").write_text(text)
    with pytest.raises(RunnerFault, match=r"package\.json is no object"):
        npm_packages(root)


def test_npm_runs_once_and_again_when_something_changes(root: Path) -> None:
    assert install(root) == ["npm: running npm install..."]
    assert install(root) == ["npm: node_modules is up to date"]
    ask(root, ms="2")
    assert install(root) == ["npm: running npm ci..."]
    assert calls(root) == ["install", "ci"]


def test_what_npm_has_installed_by_itself_is_left_alone(root: Path) -> None:
    (root / "node_modules" / "ms").mkdir(parents=True)
    own = root / "node_modules" / ".package-lock.json"
    own.write_text("{}")
    os.utime(root / "package.json", (1000, 1000))
    os.utime(own, (2000, 2000))
    assert install(root) == ["npm: node_modules is up to date"]
    os.utime(root / "package.json", (3000, 3000))
    assert install(root) == ["npm: running npm install..."]


@pytest.mark.parametrize(
    ("event", "runs"), [("postinstall", False), ("prepare", False), ("setup", True), ("npx", True)]
)
def test_an_npm_that_installs_is_not_started_again(root: Path, event: str, runs: bool) -> None:
    assert ("npm: left to the npm that runs this" in install(root, npm_lifecycle_event=event)) is not runs
    assert calls(root) == (["install"] if runs else [])


@pytest.mark.parametrize(("lock", "tool"), [("yarn.lock", "yarn"), ("pnpm-lock.yaml", "pnpm")])
def test_the_project_of_another_tool_is_left_to_it(root: Path, lock: str, tool: str) -> None:
    (root / lock).touch()
    assert install(root) == [f"npm: left out, for there is a {lock}; run `{tool} install`"]
    (root / "package-lock.json").write_text("{}")
    assert install(root) == ["npm: running npm ci..."]


def test_npms_words_are_shown_when_it_fails_and_it_is_tried_again(root: Path) -> None:
    with pytest.raises(RunnerFault, match=r"npm install failed:\n.*'gone@1' is not in this registry"):
        install(root, NPM_FAILS="1")
    assert install(root) == ["npm: running npm install..."]


def test_motia_need_not_be_installed(root: Path) -> None:
    ask(root, motia="1")
    assert "motia comes along with the runtime" in install(root)[0]


def test_without_npm_it_is_said(root: Path) -> None:
    with pytest.raises(RunnerFault, match="there is no npm"):
        install(root, PATH="/nowhere", RUNTIME_NODE="/nowhere/node")


def test_a_package_that_was_removed_is_installed_again(root: Path) -> None:
    install(root)
    (root / "node_modules" / "ms").rmdir()
    assert install(root) == ["npm: running npm ci..."]
    assert install(root) == ["npm: node_modules is up to date"]


def test_a_package_that_may_be_missing_need_not_be_there(root: Path) -> None:
    kinds = {"dependencies": {"ms": "1"}, "devDependencies": {"dev": "1"}, "optionalDependencies": {"fsevents": "1"}}
    (root / "package.json").write_text(json.dumps(kinds))
    install(root, NODE_ENV="production")
    assert install(root, NODE_ENV="production") == ["npm: node_modules is up to date"]
    assert install(root) == ["npm: running npm ci..."]
