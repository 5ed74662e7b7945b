"""`.env` files, the programs that run steps, and what is said where one of them is missing."""

from __future__ import annotations

import re
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.runners.programs import find_node
from tests.integration.project import REPOSITORY, RunningProject, running, write_project

STEPS = {
    "steps/environment.step.ts": """
        export const config = { type: 'api', name: 'EnvironmentTs', method: 'GET', path: '/ts' }
        export const handler = async () => ({ status: 200, body: { ...process.env } })
    """,
    "steps/environment_step.py": """
import os, sys
config = {"type": "api", "name": "EnvironmentPy", "method": "GET", "path": "/py"}
async def handler(req, ctx):
    return {"status": 200, "body": {**os.environ, "prefix": sys.prefix}}
""",
}
RUBY = {
    "ruby/runner.toml": (
        'language = "ruby"\ncommand = ["no-such-ruby", "{dir}/main.rb"]\nstep_files = ["*_step.rb"]\n'
        'install = "apt-get install ruby"\n'
    ),
    "runtime.yaml": "runners: {ruby: {manifest: ruby}}\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    files = {
        ".env": "FROM_ENV=base\nOVERRIDDEN=base\nURL=http://${OVERRIDDEN}/\nMESSAGE=${GREETING} you\nRUNTIME_SECRET=\n",
        ".env.local": "OVERRIDDEN=local\nSAFE=s3cret\nBAD='s3cret\n",
        ".env.development": "MODE_FILE=development\nLIMIT=17\n",
        ".env.production": "MODE_FILE=production\n",
        "runtime.yaml": "http: {maxBodyBytes: '${LIMIT}'}\n",
    }
    root = write_project(tmp_path_factory.mktemp("environment"), {**STEPS, **files})
    with running(root, environment={"GREETING": "hello", "FROM_ENV": "process"}) as project:
        yield project


@pytest.mark.parametrize("language", ["ts", "py"])
def test_steps_see_the_projects_environment(project: RunningProject, language: str) -> None:
    seen = project.client.get(f"/{language}").json()
    expected = {
        "FROM_ENV": "process",
        "OVERRIDDEN": "local",
        "URL": "http://local/",
        "MODE_FILE": "development",
        "NODE_ENV": "development",
        "MESSAGE": "hello you",
    }
    assert expected.items() <= seen.items()
    assert "BAD" not in seen
    assert "RUNTIME_SECRET" not in seen


def test_settings_see_it_too(project: RunningProject) -> None:
    assert project.client.post("/ts", content=b"x" * 18).status_code in (405, 413)
    assert project.client.post("/nowhere", content=b"x" * 17).status_code == 404


def test_a_bad_line_is_named_and_no_value_is_printed(project: RunningProject) -> None:
    project.wait_for(r"\.env\.local:3: this is not NAME=value")
    assert "s3cret" not in project.output


def test_start_is_production(tmp_path: Path) -> None:
    files = {".env.development": "MODE_FILE=development", ".env.production": "MODE_FILE=production"}
    with running(write_project(tmp_path, {**STEPS, **files}), command="start") as project:
        for language in ("ts", "py"):
            seen = project.client.get(f"/{language}").json()
            assert (seen["MODE_FILE"], seen["NODE_ENV"]) == ("production", "production")


def test_an_unreadable_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(AssertionError, match=r"error: \.env:1: this is not UTF-8"), running(tmp_path):
        raise AssertionError("it started")


def packages_of_the_core() -> str:
    """The folders in which this interpreter finds what is installed, for a path file."""
    return "\n".join(path for path in sys.path if path.endswith("-packages"))


def test_python_steps_run_in_the_projects_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", symlinks=True)
    (site,) = (tmp_path / ".venv" / "lib").glob("python*/site-packages")
    (site / "core.pth").write_text(packages_of_the_core())
    (site / "of_the_project.py").write_text("WHERE = __file__")
    files = {**STEPS, "steps/uses_step.py": "import of_the_project\nconfig = {'type': 'noop', 'name': 'Uses'}\n"}
    with running(write_project(tmp_path, files), environment={"VIRTUAL_ENV": sys.prefix}) as project:
        seen = project.client.get("/py").json()
        assert (seen["prefix"], seen["VIRTUAL_ENV"]) == (str(tmp_path / ".venv"), str(tmp_path / ".venv"))
        assert project.client.get("/ts").json()["VIRTUAL_ENV"] == sys.prefix
        assert project.told("started")[0]["steps"] == 3


def test_python_modules_may_be_a_folder_of_packages(tmp_path: Path) -> None:
    files = {
        "python_modules/of_the_project.py": "WHERE = 'python_modules'",
        "steps/uses_step.py": """
import of_the_project
config = {"type": "api", "name": "Uses", "method": "GET", "path": "/uses"}
async def handler(req, ctx):
    return {"status": 200, "body": of_the_project.WHERE}
""",
    }
    with running(write_project(tmp_path, files)) as project:
        assert project.client.get("/uses").text == "python_modules"


def test_an_environment_without_the_runners_packages_is_told_at_once_and_the_rest_serves(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", symlinks=True)
    with running(write_project(tmp_path, STEPS)) as project:
        said = " ".join(project.output.split())
        assert (
            f"the Python of the steps, {tmp_path}/.venv, does not have what the runner needs: hpack is missing" in said
        )
        assert "run `runtime install`" in said
        assert "1 step loaded, 1 file left out: see above" in said
        assert "did not come up" not in said
        assert project.client.get("/ts").status_code == 200
        assert project.client.get("/py").status_code == 404


def test_an_interpreter_that_does_not_run_is_told_at_once(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", symlinks=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.unlink()
    with running(write_project(tmp_path, STEPS)) as project:
        project.wait_for(r"\(python runner\) the Python of \.venv is not there; remove \.venv and run")
        assert project.client.get("/ts").status_code == 200
    python.write_bytes(b"\x7fELF of another machine")
    python.chmod(0o755)
    with running(tmp_path) as project:
        project.wait_for(
            r"\(python runner\) .*/\.venv/bin/python cannot be started: Exec format error; run `runtime inst"
        )
        assert "did not come up" not in project.output


def test_a_runner_whose_program_is_missing_harms_no_other(tmp_path: Path) -> None:
    files = {**STEPS, **RUBY, "steps/a_step.rb": "", "steps/b_step.rb": ""}
    with running(write_project(tmp_path, files)) as project:
        project.wait_for(r"\(ruby runner\) 'no-such-ruby' is not on PATH; run `apt-get install ruby`")
        assert "2 steps loaded, 2 files left out: see above" in project.output
        assert [project.client.get(f"/{language}").status_code for language in ("ts", "py")] == [200, 200]


def test_a_runner_without_files_may_lack_its_program(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {**STEPS, **RUBY})) as project:
        assert "ruby" not in project.output
        assert project.told("started")[0]["steps"] == 2


def test_an_old_node_is_told_with_its_version(tmp_path: Path) -> None:
    files = {
        **STEPS,
        "old.cjs": "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })\n"
        "Object.defineProperty(process, 'version', { value: 'v18.20.4' })\n",
        "node": '#!/bin/sh\nexec "$REAL_NODE" -r "$PWD/old.cjs" "$@"\n',
        "runtime.yaml": "runners: {node: {executable: ./node}}\n",
    }
    write_project(tmp_path, files)
    (tmp_path / "node").chmod(0o755)
    with running(tmp_path, environment={"REAL_NODE": find_node(None)}) as project:
        project.wait_for(
            r"\(node runner\) the steps' Node is v18\.20\.4 \(.*\), and the runner needs at least 20; correct "
        )
        assert "did not come up" not in project.output
        assert project.client.get("/py").status_code == 200


def test_a_folder_that_is_no_project_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path) as project:
        assert f"No steps in {tmp_path}: it has no folder steps or src" in project.output


def test_what_the_page_says_is_so(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "environment.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```\w+\n(?:#|//) (\.env|steps/\S+)\n(.*?)```", page, re.DOTALL))
    assert len(files) == 3
    with running(write_project(tmp_path, files), environment={"DB_HOST": "db"}) as project:
        assert project.client.get("/key").json() == {"hasKey": True}
        assert project.client.get("/database").json() == {"url": "postgres://db/shop"}
