"""The order example as a project of its own: steps in TypeScript, JavaScript, Python and Ruby."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.machine import program_version

ORDER = {"items": [{"name": "Tea", "price": 4.5}, {"name": "Cup", "price": 9}]}
ORDERS = "/orders"
BOARD = "/orders/board"
READY = "/readyz"
"""A success once every runner serves."""


def make_example(name: str) -> Path:
    """A copy of the example that has never run, with its packages. Raises `BenchFault` when something is missing."""
    ruby_version()
    packages = ROOT / "node_modules"
    if not packages.is_dir():
        raise BenchFault("the packages of the example are not installed; run scripts/setup")
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "steps", folder / "steps", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "package.json", folder)
    (folder / "node_modules").symlink_to(packages)
    return folder


def ruby_version() -> str:
    """Name and version of Ruby. Raises `BenchFault` when it is not installed: figures without it would be too good."""
    ruby = shutil.which("ruby")
    if ruby is None:
        raise BenchFault("the example has a step in Ruby, which is not installed; on Debian: apt-get install ruby")
    return " ".join(program_version(ruby).split()[:2])


def command(mode: str, port: int) -> Sequence[str]:
    """Runs a project of ours; the mode is `dev` or `start`."""
    options = ["--no-install"] if mode == "dev" else []
    return [sys.executable, "-m", "runtime", mode, "--port", str(port), *options]
