"""What a figure was measured on: without this it means nothing."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from bench.harness import ROOT

_QUIET_LOAD = 0.5
"""For each core: above it others are at work, or have been in the last minute, as the benchmark before this one."""
_QUIET_SHARE = 0.25
"""Of the processors' time: above it others are at work now."""
_LOOK_SECONDS = 2.0
_CAVEAT = "other programs are running: the figures say little; end them and repeat"
_PYTHON_VERSIONS = """
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
"""


def machine() -> str:
    """The hardware, and how busy it is already: work beside the benchmark costs us more than our peers."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    hardware = f"{_processor()}, {cores} cores, {platform.platform(terse=True)}, load {load:.1f} before the start"
    return f"{hardware} ({_CAVEAT})" if load > _QUIET_LOAD * cores and _busy() > _QUIET_SHARE else hardware


class Ticks(NamedTuple):
    """The time of all processors since the system's start: what the host has taken, what nobody used, and all."""

    stolen: int
    idle: int
    total: int


class Stolen:
    """The share of the processors that the host of a virtual machine has taken away since this was made."""

    def __init__(self) -> None:
        self._before = _ticks()

    def share(self) -> float:
        """From 0 to 1; 0 where the system does not tell."""
        passed = _since(self._before)
        return passed.stolen / passed.total if passed.total else 0.0


def commit() -> str:
    """What of us was measured, as git names it; `-dirty` when files but for the report differ, "" without git."""
    git = ["git", "-C", str(ROOT)]
    try:
        name = _say([*git, "describe", "--always"])
        differing = _say([*git, "status", "--porcelain", "--", ".", ":!bench/RESULTS.md", ":!bench/notes"])
        return f"{name}-dirty" if differing else name
    except (OSError, subprocess.CalledProcessError):
        return ""


def program_version(program: str) -> str:
    """What the program says to `--version`."""
    return _say([program, "--version"])


def npm_version(folder: Path, package: str) -> str:
    """Name and version of a package that is installed in the folder."""
    manifest = json.loads((folder / "node_modules" / package / "package.json").read_text())
    return f"{package} {manifest['version']}"


def python_versions(python: str, *packages: str) -> str:
    """Names and versions of packages that the interpreter has."""
    return _say([python, "-c", _PYTHON_VERSIONS, *packages])


def _say(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _busy() -> float:
    """The share of the processors' time that is used now, from 0 to 1; 0 where the system does not tell."""
    before = _ticks()
    time.sleep(_LOOK_SECONDS)
    passed = _since(before)
    return 1 - passed.idle / passed.total if passed.total else 0.0


def _since(before: Ticks) -> Ticks:
    return Ticks(*(now - then for now, then in zip(_ticks(), before, strict=True)))


def _ticks() -> Ticks:
    """What proc_stat(5) has of `cpu`: `idle` and `iowait` are the time that nobody uses, `steal` is the eighth."""
    try:
        _, *counts = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return Ticks(0, 0, 0)
    _, _, _, idle, waiting, _, _, stolen = times = [int(count) for count in counts[:8]]
    return Ticks(stolen, idle + waiting, sum(times))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
