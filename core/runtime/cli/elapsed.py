"""Since when this process has been there, for a person who waits for it has waited for its interpreter as well."""

from __future__ import annotations

import os
import time
from pathlib import Path

import runtime

_STARTED_FIELD = 22 - 3
"""Where the start of a process stands behind its name (proc(5)), which itself could hold anything."""
LONGEST = 5.0
"""Seconds that an interpreter may take to get here; a process that is older was something else before (`exec`)."""


def process_start() -> float:
    """When this process began, by the monotonic clock; where the system does not tell, when it first imported us."""
    try:
        behind_name = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        ticks = int(behind_name.split()[_STARTED_FIELD])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError):  # no Linux
        return runtime.IMPORTED
    start = time.monotonic() - age
    return start if 0 <= runtime.IMPORTED - start <= LONGEST else runtime.IMPORTED
