"""The wheel, installed into an empty environment outside the repository, serves steps of both runners."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

from tests.integration.project import REPOSITORY, RunningProject, write_project

PROJECT = {
    "steps/hello.step.ts": """
        import { ApiRouteConfig, Handlers } from 'motia'

        export const config: ApiRouteConfig = {
          type: 'api', name: 'HelloTypeScript', method: 'GET', path: '/typescript', emits: [],
        }
        export const handler: Handlers['HelloTypeScript'] = async () => {
          return { status: 200, body: { hello: 'TypeScript' } }
        }
    """,
    "steps/hello_step.py": """
config = {"type": "api", "name": "HelloPython", "method": "GET", "path": "/python", "emits": []}


async def handler(req, ctx):
    return {"status": 200, "body": {"hello": "Python"}}
    """,
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `runtime` of an environment that holds nothing but the wheel and what it requires."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment)
    run(sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", "--no-compile", str(wheel))
    return environment / "bin" / "runtime"


def test_the_wheel_is_of_its_platform_and_any_python(wheel: Path) -> None:
    tag = wheel.stem.split("-", 2)[2]
    assert tag.startswith("py3-none-")
    assert not tag.endswith("-any")


def test_the_wheel_holds_both_runners_and_a_compiler_that_can_be_executed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    runners = "runtime/_runners/"
    assert {f"{runners}node/runner.toml", f"{runners}python/runner.toml", f"{runners}python/main.py"} <= modes.keys()
    (compiler,) = (name for name in modes if name.startswith(runners) and name.endswith("/bin/esbuild"))
    assert modes[compiler] & 0o111 == 0o111


def test_the_wheel_holds_the_workbench_ready_to_be_sent(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.startswith("runtime/_workbench/")}
    scripts = {name for name in names if name.endswith(".js")}
    assert "runtime/_workbench/index.html" in names
    assert any(f"{name}.br" in names and f"{name}.gz" in names for name in scripts)
    assert not any(name.endswith((".map", ".tsx", "manifest.json")) for name in names)


def test_the_wheel_holds_every_file_of_the_templates(wheel: Path) -> None:
    core = REPOSITORY / "core"
    found = (path for path in (core / "runtime" / "templates").rglob("*") if path.is_file())
    files = {path.relative_to(core).as_posix() for path in found if "__pycache__" not in path.parts}
    assert "runtime/templates/starter-multilang/.vscode/launch.json" in files
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.startswith("runtime/templates/")} == files


@pytest.mark.long
def test_a_new_project_answers_soon_on_a_machine_with_only_python(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(installed.parent)}
    began = time.monotonic()
    create = [str(installed), "create", "demo", "--template", "starter-multilang"]
    made = subprocess.run(create, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert {"types.d.ts", "runtime_types.py"} <= {path.name for path in (tmp_path / "demo").iterdir()}
    for limit in (60.0, 2.0):
        process = subprocess.Popen(
            [installed, "dev", "--port", "0"],
            cwd=tmp_path / "demo",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                project = RunningProject(process)
                with project.client as client:
                    assert client.post("/greetings", json={"name": "Ada"}).status_code == 202
                assert time.monotonic() - began < limit
                assert project.stop() == 0
            finally:
                process.kill()
        began = time.monotonic()


def test_an_installed_runtime_serves_both_languages_and_stops(installed: Path, tmp_path: Path) -> None:
    write_project(tmp_path, PROJECT)
    process = subprocess.Popen(
        [installed, "start", "--port", "0"],
        cwd=tmp_path,
        # Of the environment only what every process has, so that nothing of this checkout is found by chance.
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            project = RunningProject(process)
            with project.client as client:
                answers = [client.get(path).json() for path in ("/typescript", "/python")]
            assert answers == [{"hello": "TypeScript"}, {"hello": "Python"}]
            assert project.stop() == 0
        finally:
            process.kill()


def run(*command: str) -> None:
    """Runs a command to its end; shows its output when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
