"""Packages of the npm registry that steps of tests import; `scripts/setup` installs them for the tests alone."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("node_packages")


def link_packages(project: Path, **aliases: str) -> None:
    """Puts packages into a project's `node_modules`: the names that steps import, each with its name in `FOLDER`.

    Without names, all of them under their own. Skips the test where they are not installed.
    """
    installed = FOLDER / "node_modules"
    if not installed.is_dir():
        pytest.skip("the npm packages of the tests are not installed; scripts/setup does it")
    names = aliases or {path.name: path.name for path in installed.iterdir() if not path.name.startswith(".")}
    for name, alias in names.items():
        link = project / "node_modules" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(installed / alias, target_is_directory=True)
