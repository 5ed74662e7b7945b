"""What a figure was measured on: without this it means nothing."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

_PYTHON_VERSIONS = """
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
"""


def machine() -> str:
    """The hardware, and how busy it is already: work beside the benchmark costs us more than our peers."""
    hardware = f"{_processor()}, {os.cpu_count()} cores, {platform.platform(terse=True)}"
    return f"{hardware}, load {os.getloadavg()[0]:.1f} before the start"


def commit() -> str:
    """What of us was measured, as git names it; `-dirty` when files differ from it, "" without git."""
    try:
        return _say(["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"])
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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
