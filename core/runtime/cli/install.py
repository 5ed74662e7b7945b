"""`runtime install`."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.cli.client import faults_shown, print_line


def install() -> None:
    """Install the packages that the project's steps need: Python's into .venv, npm's into node_modules.

    Example: runtime install
    """
    from runtime.configfile import load_settings
    from runtime.environment import project_environment
    from runtime.runners.packages.project import install_project

    with faults_shown():
        root = Path.cwd()
        environ = project_environment(root, os.environ, development=True).variables
        install_project(root, load_settings(root, environ), environ, print_line)
