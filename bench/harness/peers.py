"""The programs that we compare ourselves with, installed on first use and again when their locks change."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.lifeline import tied_to

PEERS = ROOT / "bench" / "peers"
INSTALL_SECONDS = 300


def install_npm_peer(name: str, verb: str = "ci") -> Path:
    """The folder of a Node peer, with the packages of its lock file in it.

    `install` as the verb is for a lock that lacks packages of other platforms, which `ci` refuses.
    """
    folder = PEERS / name
    stamp = folder / "node_modules" / ".bench-stamp"
    key = _key(folder / "package-lock.json")
    if not _is_fresh(stamp, key):
        # npm comes with the Node wheel and is linked beside our Python; it trusts what the machine trusts, as pip does.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}
        _install(name, ["npm", verb, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"], folder, environment)
        stamp.write_text(key)
    return folder


def install_python_peer(name: str) -> tuple[Path, str]:
    """The folder of a Python peer, and the interpreter of the environment that holds its requirements."""
    folder = PEERS / name
    requirements = folder / "requirements.txt"
    home = SCRATCH / name
    stamp = home / ".bench-stamp"
    key = f"{_key(requirements)} {sys.version}"
    python = str(home / "bin" / "python")
    if not _is_fresh(stamp, key):
        _install(name, [sys.executable, "-m", "venv", "--clear", str(home)], folder)
        _install(name, [python, "-m", "pip", "install", "--quiet", "-r", str(requirements)], folder)
        stamp.write_text(key)
    return folder, python


def _key(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _is_fresh(stamp: Path, key: str) -> bool:
    return stamp.exists() and stamp.read_text() == key


def _install(name: str, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    print(f"installing {name}: {' '.join(command[:3])} ...", flush=True)
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
            preexec_fn=tied_to(os.getpid()),
        )
    except FileNotFoundError as error:
        raise BenchFault(f"{command[0]} is not there to install {name} with; run scripts/setup") from error
    if run.returncode != 0:
        raise BenchFault(f"{name} could not be installed: {' '.join(command)}\n{run.stdout}{run.stderr}")
