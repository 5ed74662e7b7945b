"""What the whole test tree shares: the event loop, and the choice of runners."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.configfile import load_settings
from runtime.runners.manifest import InstalledRunner, find_runners

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--runner`."""
    parser.addoption("--runner", metavar="NAME", help="run tests that take a runner with this language's only")


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a `--runner` that is not there before any test is collected."""
    if config.getoption("runner"):
        _chosen(config.getoption("runner"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that takes `runner` once with every installed runner."""
    if "runner" in metafunc.fixturenames:
        runners = _chosen(metafunc.config.getoption("runner"))
        metafunc.parametrize("runner", runners, ids=[each.manifest.language for each in runners], scope="session")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The core is an asyncio program, because gRPC is."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> None:
    """Keeps one event loop for all tests: gRPC's poller logs errors for each loop that was closed before it."""


def _chosen(language: str | None) -> list[InstalledRunner]:
    installed = find_runners(ROOT, load_settings(ROOT, {}))
    chosen = [each for each in installed if language in (None, each.manifest.language)]
    if not chosen:
        known = ", ".join(each.manifest.language for each in installed)
        raise pytest.UsageError(f"--runner: no runner {language!r} is installed; there are {known}")
    return chosen
