"""Whether the environment holds the packages that the runner needs, in versions that will do."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module

from runtime_runner.project import RUNNER_FOLDER

FILE = os.path.join(RUNNER_FOLDER, "requirements.txt")
MODULES = {"protobuf": "google.protobuf"}
"""Packages that are called otherwise than their module."""
_LINE = re.compile(r"(?P<name>[a-z]+)>=(?P<least>[\d.]+),<(?P<below>[\d.]+)")


def unmet(file: str = FILE) -> str:
    """What is missing or does not fit, as half a sentence; empty when all is well.

    Imports the packages, which the runner is about to do anyway: their own words on versions are cheaper than the
    records of the installer.
    """
    faults = (_fault(found["name"], found["least"], found["below"]) for found in _requirements(file))
    return ", ".join(filter(None, faults))


def place() -> str:
    """The environment's folder, or the interpreter where there is none of its own."""
    return sys.executable if sys.prefix == sys.base_prefix else sys.prefix


def _requirements(file: str) -> Iterator[re.Match[str]]:
    with open(file, encoding="utf-8") as lines:
        yield from filter(None, map(_LINE.match, lines))


def _fault(name: str, least: str, below: str) -> str:
    wanted = f"(needed: >={least},<{below})"
    try:
        version = str(import_module(MODULES.get(name, name)).__version__)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name in ("google", MODULES.get(name, name))
        return f"{name} is missing {wanted}" if missing else f"{name} cannot be imported: {error}"
    return "" if _numbers(least) <= _numbers(version) < _numbers(below) else f"{name} is {version} {wanted}"


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, which decide here: 1.76.0rc1 counts as 1.76.0."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
