"""What a figure was measured on: without this it means nothing."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

from bench.harness import ROOT

_PYTHON_VERSIONS = """
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
"""


def machine() -> str:
    """The hardware, and how busy it is already: work beside the benchmark costs us more than our peers."""
    hardware = f"{_processor()}, {os.cpu_count()} cores, {platform.platform(terse=True)}"
    return f"{hardware}, load {os.getloadavg()[0]:.1f} before the start"


class Stolen:
    """The share of the processors that the host of a virtual machine has taken away since this was made."""

    def __init__(self) -> None:
        self._before = _ticks()

    def share(self) -> float:
        """From 0 to 1; 0 where the system does not tell."""
        stolen, total = (now - before for now, before in zip(_ticks(), self._before, strict=True))
        return stolen / total if total else 0.0


def commit() -> str:
    """What of us was measured, as git names it; `-dirty` when files but for our report differ, "" without git."""
    git = ["git", "-C", str(ROOT)]
    try:
        name = _say([*git, "describe", "--always"])
        return f"{name}-dirty" if _say([*git, "status", "--porcelain", "--", ".", ":!bench/RESULTS.md"]) else name
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


def _ticks() -> tuple[int, int]:
    """What was stolen of all processors, and all of their time (proc_stat(5): `steal` is the eighth of `cpu`)."""
    try:
        _, *counts = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0, 0
    return int(counts[7]), sum(map(int, counts[:8]))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
