"""A project and a core for each runner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest

from runtime.runners.manifest import InstalledRunner
from tests.conformance.core_double import Core, connected
from tests.conformance.project import Project, copy_project
from tests.conformance.report import Case, report
from tests.conftest import lack_of

CASES = pytest.StashKey[list[Case]]()
UNFIT = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--musts`."""
    what = "say at the end which rules of PROTOCOL.md each runner holds, and fail when one cannot run"
    parser.addoption("--musts", action="store_true", help=what)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Notes the runners whose cases are all skipped because they cannot run here."""
    chosen = {runner for item in session.items if (runner := _runner_of(item)) is not None}
    session.config.stash[UNFIT] = {each.manifest.language: lack for each in chosen if (lack := lack_of(each))}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes how each case of a runner ended."""
    made: pytest.TestReport = yield  # type: ignore[assignment]
    runner = _runner_of(item)
    if runner is not None and (made.when == "call" or not made.passed):
        assert isinstance(item, pytest.Function)
        case = Case(item.function.__name__, runner.manifest.language, made.outcome, item.name)
        item.config.stash.setdefault(CASES, []).append(case)
    return made  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which rules each runner holds."""
    if config.getoption("musts", False):
        terminalreporter.section("rules of PROTOCOL.md")
        cases: list[Case] = config.stash.get(CASES, [])
        unfit: dict[str, str] = config.stash.get(UNFIT, {})
        for line in report(cases, unfit):
            terminalreporter.line(line)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fails a run with `--musts` of which a runner had no part."""
    if (
        session.config.getoption("musts", False)
        and session.config.stash.get(UNFIT, {})
        and exitstatus == pytest.ExitCode.OK
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _runner_of(item: pytest.Item) -> InstalledRunner | None:
    """The runner that a case is of, None for a test that takes none."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return cast(InstalledRunner | None, parameters.get("runner"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what runners keep between starts."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(runner: InstalledRunner, tmp_path: Path, cache: Path) -> Project:
    """A project of the test's own, to be loaded as it likes."""
    return copy_project(runner, tmp_path / "project", cache)


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Holds each test to what it has made the shared runner write to stderr."""
    core: Core | None = request.getfixturevalue("core") if "core" in request.fixturenames else None
    yield
    if core is not None:
        core.assert_quiet()


@pytest.fixture(scope="module")
async def core(runner: InstalledRunner, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> AsyncIterator[Core]:
    """A core whose runner has loaded every step; the tests of a file share it."""
    project = copy_project(runner, tmp_path_factory.mktemp("shared") / "project", cache)
    async with connected(project) as core:
        yield core
