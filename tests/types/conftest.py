"""The sample project, with its types generated once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.types.checking import PACKAGES, generate, link_packages

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample project with types; it is only read."""
    if not (PACKAGES / "zod4").is_dir():
        pytest.skip("tests/node_packages is not installed: scripts/setup does it")
    root = tmp_path_factory.mktemp("types") / "project"
    shutil.copytree(HERE / "project", root)
    link_packages(root)
    done = generate(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root
