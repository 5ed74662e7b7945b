"""Freed memory is used again, not fetched from the kernel each time."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest

from runtime.allocator import ENVIRONMENT

_COUNT_FAULTS = """
import resource, sys
if sys.argv[1:] == ["keep"]:
    from runtime.allocator import keep_freed_memory
    keep_freed_memory()

def use():
    blocks = [bytearray(b"x") * (8 << 20) for _ in range(2)] + [bytearray(b"x") * (64 << 10) for _ in range(64)]
    return len(blocks)

use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(environment: Mapping[str, str], *arguments: str) -> int:
    command = [sys.executable, "-c", _COUNT_FAULTS, *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
@pytest.mark.parametrize(("environment", "arguments"), [({}, ["keep"]), (ENVIRONMENT, [])])
def test_large_blocks_cause_no_page_faults_again(environment: Mapping[str, str], arguments: list[str]) -> None:
    assert page_faults({}) > 4000
    assert page_faults(environment, *arguments) < 400
