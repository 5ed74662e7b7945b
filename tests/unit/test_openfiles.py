"""As many files may be open as sockets may be."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from runtime.openfiles import allow_connections

_TRY = """
import resource, sys
from runtime.openfiles import allow_connections
soft, hard, sockets = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
warning = allow_connections(sockets)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], warning)
"""


def tried(soft: int, hard: int, sockets: int) -> tuple[int, str]:
    command = [sys.executable, "-c", _TRY, *map(str, (soft, hard, sockets))]
    soft_now, _, warning = subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition(" ")
    return int(soft_now), warning.strip()


@pytest.mark.parametrize(
    ("soft", "hard", "sockets", "then"), [(256, 4096, 1000, 2024), (256, 2024, 1000, 2024), (3000, 4096, 1000, 3000)]
)
def test_the_soft_limit_is_raised_as_far_as_is_needed(soft: int, hard: int, sockets: int, then: int) -> None:
    assert tried(soft, hard, sockets) == (then, "")


def test_a_hard_limit_that_is_too_low_is_told_of() -> None:
    soft, warning = tried(256, 1500, 1000)
    assert soft == 1500
    assert "1500 files, too few for streams.maxSockets (1000)" in warning


@pytest.mark.parametrize("fault", [OSError(22, "Invalid argument"), ValueError("current limit exceeds maximum limit")])
def test_a_system_that_gives_no_more_is_told_of(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def refuse(which: int, limits: tuple[int, int]) -> None:
        raise fault

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    warning = allow_connections(1000)
    assert "256 files, too few for streams.maxSockets (1000)" in warning
    assert str(fault) in warning
