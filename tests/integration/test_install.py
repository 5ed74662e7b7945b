"""`runtime install`, with the registries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.project import running, write_project

pytestmark = pytest.mark.timeout(300)

PYTHON_STEP = """
import roman, sys
config = {"type": "api", "name": "Uses", "method": "GET", "path": "/py"}
async def handler(req, ctx):
    return {"status": 200, "body": {"prefix": sys.prefix, "has": roman.toRoman(7)}}
"""
NODE_STEP = """
import ms from 'ms'
export const config = { type: 'api', name: 'UsesTs', method: 'GET', path: '/ts' }
export const handler = async () => ({ status: 200, body: { ms: ms('2 days') } })
"""


def install(root: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runtime", "install"],
        cwd=root,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_project_is_installed_once_and_runs(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "motia>=0.5\nroman==5.1\n",
        "steps/uses_step.py": PYTHON_STEP,
        "steps/uses.step.ts": NODE_STEP,
        "package.json": '{"dependencies": {"ms": "2.1.3"}}',
    }
    write_project(tmp_path, files)
    with running(tmp_path, "--no-install") as project:
        fixes = {line["file"]: line["fix"] for line in project.told("problem")}
        assert "requirements.txt names roman" in fixes["steps/uses_step.py"]
        assert "run `runtime install`" in fixes["steps/uses_step.py"]
        assert "package.json names ms" in fixes["steps/uses.step.ts"]

    done = install(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Python: motia comes along with the runtime; its line in requirements.txt is passed over",
        f"Python: making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}...",
        "Python: installing requirements.txt and what the runner needs into .venv...",
        "npm: running npm install...",
    ]
    again = install(tmp_path)
    assert again.stdout.splitlines()[1:] == ["Python: .venv is up to date", "npm: node_modules is up to date"]

    with running(tmp_path) as project:
        answer = project.client.get("/py").json()
        assert answer == {"prefix": str(tmp_path / ".venv"), "has": "VII"}
        assert project.client.get("/ts").json() == {"ms": 172_800_000}


def test_a_folder_of_packages_is_filled_and_left_one(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "p"\nversion = "1"\ndependencies = ["roman==5.1"]\n',
        "steps/uses_step.py": PYTHON_STEP,
    }
    write_project(tmp_path, files)
    (tmp_path / "python_modules").mkdir()
    done = install(tmp_path)
    assert (done.returncode, done.stdout) == (0, "Python: installing pyproject.toml into python_modules...\n")
    assert (tmp_path / "python_modules" / "roman.py").is_file()
    assert not (tmp_path / ".venv").exists()
    with running(tmp_path) as project:
        assert project.client.get("/py").json()["has"] == "VII"


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("python_modules/../requirements.txt", "no-such-package-of-ours==99\n", "no-such-package-of-ours==99"),
        ("package.json", '{"dependencies": {"@no-such-scope-of-ours/x": "1"}}', "@no-such-scope-of-ours"),
    ],
)
def test_a_package_that_is_not_there_is_named(tmp_path: Path, file: str, text: str, place: str) -> None:
    write_project(tmp_path, {file: text})
    done = install(tmp_path)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert place in done.stderr
    assert "Traceback" not in done.stderr
    assert install(tmp_path).returncode == 1


def test_nothing_to_install_is_said(tmp_path: Path) -> None:
    done = install(tmp_path)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "nothing to install")
    assert list(tmp_path.iterdir()) == []
