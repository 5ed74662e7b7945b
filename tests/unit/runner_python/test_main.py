"""The start of the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runtime_runner.main import Environment, StartError, take_environment
from tests.unit.runner_python.conftest import RUNNER

VARIABLES = {
    "RUNTIME_ADDRESS": "unix:/nowhere/core.sock",
    "RUNTIME_SECRET": "s3cret",
    "RUNTIME_PROJECT_ROOT": "/project",
    "RUNTIME_GENERATION": "1",
    "RUNTIME_CACHE_DIR": "/cache",
}


def test_the_cores_variables_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert take_environment() == Environment("unix:/nowhere/core.sock", "s3cret", "/project")
    assert not [name for name in os.environ if name in VARIABLES]


def test_missing_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RUNTIME_SECRET")
    monkeypatch.setenv("RUNTIME_ADDRESS", "")
    with pytest.raises(StartError, match="RUNTIME_ADDRESS, RUNTIME_SECRET is not set"):
        take_environment()


def _start(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, str(RUNNER / "main.py")]
    environment = {**os.environ, **VARIABLES, **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("address", ["unix:/nowhere/core.sock", "127.0.0.1:1"])
def test_a_core_that_is_not_there_is_one_line(address: str) -> None:
    ended = _start(RUNTIME_ADDRESS=address)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert f"The core did not take this runner in: there is nothing at {address}: " in ended.stderr


def test_an_environment_without_the_packages_is_unfit() -> None:
    ended = _start("-S")
    assert (ended.returncode, ended.stderr.count("\n")) == (78, 1)
    assert "hpack is missing (needed: >=4.0,<5), msgpack is missing" in ended.stderr
    assert sys.executable in ended.stderr
