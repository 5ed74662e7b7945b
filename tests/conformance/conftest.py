"""A project and a core for each runner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.runners.manifest import InstalledRunner
from tests.conformance.core_double import Core, connected
from tests.conformance.project import Project, copy_project


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what runners keep between starts."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(runner: InstalledRunner, tmp_path: Path, cache: Path) -> Project:
    """A project of the test's own, to be loaded as it likes."""
    return copy_project(runner, tmp_path / "project", cache)


@pytest.fixture(scope="module")
async def core(runner: InstalledRunner, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> AsyncIterator[Core]:
    """A core whose runner has loaded every step; the tests of a file share it."""
    project = copy_project(runner, tmp_path_factory.mktemp("shared") / "project", cache)
    async with connected(project) as core:
        yield core
