"""cli/elapsed: since when a process has been there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.cli import elapsed

_TELL = """
import sys, time
from runtime import IMPORTED
from runtime.cli import elapsed
elapsed.LONGEST = float(sys.argv[1])
now = time.monotonic()
print(now - elapsed.process_start(), now - IMPORTED)
"""
_IS_LINUX = Path("/proc/self/stat").exists()


def told(longest: float) -> tuple[float, float]:
    """How long ago the process began, and how long ago it imported us, both in seconds."""
    command = [sys.executable, "-c", _TELL, str(longest)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    began, imported = map(float, done.stdout.split())
    return began, imported


@pytest.mark.skipif(not _IS_LINUX, reason="only Linux tells when a process began")
def test_the_start_of_the_interpreter_counts() -> None:
    began, imported = told(elapsed.LONGEST)
    assert imported < began < imported + elapsed.LONGEST


def test_what_the_process_was_before_does_not_count() -> None:
    began, imported = told(0.0)
    assert began == imported
