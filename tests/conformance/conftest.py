"""A project and a core for each runner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from runtime.runners.manifest import InstalledRunner
from tests.conformance.core_double import Core, connected
from tests.conformance.project import Project, copy_project
from tests.conformance.report import Case, report

CASES = pytest.StashKey[list[Case]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--musts`."""
    parser.addoption("--musts", action="store_true", help="say at the end which rules of PROTOCOL.md each runner holds")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes how each case of a runner ended."""
    made: pytest.TestReport = yield  # type: ignore[assignment]
    runner = (
        item.callspec.params.get("runner") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    if runner is not None and (made.when == "call" or not made.passed):
        case = Case(item.function.__name__, runner.manifest.language, made.outcome)  # type: ignore[attr-defined]
        item.config.stash.setdefault(CASES, []).append(case)
    return made  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which rules each runner holds."""
    if config.getoption("musts", False):
        terminalreporter.section("rules of PROTOCOL.md")
        cases: list[Case] = config.stash.get(CASES, [])
        for line in report(cases):
            terminalreporter.line(line)


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
