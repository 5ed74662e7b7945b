"""What the tests of the Python runner share: projects on disk, loaded by a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).resolve().parents[3] / "runners" / "python"
sys.path.insert(0, str(RUNNER))

PROLOGUE = """
import asyncio, json, sys
from runtime_runner import loader
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.modules import Modules
from runtime_runner.project import Project
project = Project({root!r})
modules = Modules(project)
modules.install()
def load(*files, streams=()):
    return asyncio.run(loader.load(pb.Load(step_files=files, stream_files=streams), modules, project))
def tell(value):
    print(json.dumps(value))
"""

MakeProject = Callable[[Mapping[str, str]], "ProjectOnDisk"]


class ProjectOnDisk:
    """A project in a folder. Loading one changes `sys.path`, `sys.modules` and `import`, so a child process does it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        """Puts files there, by path relative to the root; their text is dedented."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def ask(self, code: str) -> Any:
        """Runs code behind PROLOGUE; the answer is what it gives to `tell`."""
        script = PROLOGUE.format(root=str(self.root)) + textwrap.dedent(code)
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=RUNNER, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Makes a project of the given files."""

    def make(files: Mapping[str, str]) -> ProjectOnDisk:
        project = ProjectOnDisk(tmp_path)
        project.write(files)
        return project

    return make
