"""What the whole test tree shares: the event loop, and the choice of runners."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.configfile import load_settings
from runtime.errors import RunnerFault
from runtime.runners.manifest import InstalledRunner, find_runners, read_runner
from runtime.runners.process import EXIT_UNFIT
from runtime.runners.programs import find_programs

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--runner`."""
    what = "run tests that take a runner with this language's only, or with that of this folder"
    parser.addoption("--runner", metavar="NAME|FOLDER", help=what)


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a `--runner` that is not there before any test is collected."""
    if config.getoption("runner"):
        _chosen(config.getoption("runner"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that takes `runner` once with every installed runner."""
    if "runner" in metafunc.fixturenames:
        runners = _chosen(metafunc.config.getoption("runner"))
        cases = [pytest.param(each, id=each.manifest.language, marks=_skipped(each)) for each in runners]
        metafunc.parametrize("runner", cases, scope="session")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The core is an asyncio program."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> None:
    """Keeps one event loop for all tests: gRPC's poller logs errors for each loop that was closed before it."""


def _skipped(runner: InstalledRunner) -> list[pytest.MarkDecorator]:
    lack = lack_of(runner)
    return [pytest.mark.skip(f"the {runner.manifest.language} runner cannot run here: {lack}")] if lack else []


@cache
def lack_of(runner: InstalledRunner) -> str:
    """What a runner cannot do without and does not find here; empty when it can run."""
    command = runner.command(find_programs(Settings()))
    if shutil.which(command[0]) is None:
        return f"'{command[0]}' is not on PATH"
    # Without the core's variables it ends at once, if not for want of something then for want of them.
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stderr.strip() if done.returncode == EXIT_UNFIT else ""


def _chosen(runner: str | None) -> list[InstalledRunner]:
    """The runners that are installed, the one of that language, or that of a folder with a `runner.toml`."""
    if runner is not None and "/" in runner:
        try:
            return [read_runner(Path(runner).resolve())]
        except RunnerFault as fault:
            raise pytest.UsageError(f"--runner: {fault}") from fault
    installed = find_runners(ROOT, load_settings(ROOT, {}))
    chosen = [each for each in installed if runner in (None, each.manifest.language)]
    if not chosen:
        known = ", ".join(each.manifest.language for each in installed)
        raise pytest.UsageError(
            f"--runner: no runner {runner!r} is installed; there are {known}; a folder is written with a '/'"
        )
    return chosen
