"""All packages of a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runtime.config import Settings
from runtime.runners.discovery import find_files
from runtime.runners.manifest import find_runners
from runtime.runners.packages.commands import Say
from runtime.runners.packages.lock import alone
from runtime.runners.packages.npm import install_npm, npm_packages
from runtime.runners.packages.python import install_python
from runtime.runners.packages.requirements import read_requirements


def install_project(root: Path, settings: Settings, environ: Mapping[str, str], say: Say) -> None:
    """Installs what the project asks for, language by language. Raises `RunnerFault` for what cannot be installed."""
    runners = {runner.manifest.language: runner for runner in find_runners(root, settings)}
    files = find_files(root, list(runners.values()))
    wanted = read_requirements(root)
    packages = npm_packages(root)
    if not (wanted or packages or any(files.values())):
        say(f"nothing to install: {root} has no steps, no requirements.txt and no package.json that names packages")
        return
    with alone(root, say):
        if "python" in runners and (wanted or files["python"]):
            install_python(root, settings, environ, runners["python"].folder, wanted, say)
        if packages:
            install_npm(root, settings, environ, say)
