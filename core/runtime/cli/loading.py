"""Loading a project without serving it: its runners start, say what they have, and end."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from runtime.catalog import Catalog
from runtime.cli.console import log_to
from runtime.cli.loop import run
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.configfile import load_settings
from runtime.deadlines import Grace
from runtime.environment import ProjectEnvironment, project_environment
from runtime.errors import RuntimeFault
from runtime.model import LogLevel
from runtime.runners.fleet import Fleet
from runtime.services.logs import LogService

_OURS = ".runtime"
_FILLED = ("run", "cache")


@dataclass(frozen=True, slots=True)
class Project:
    """What a command can know of a project that does not run."""

    root: Path
    settings: Settings
    catalog: Catalog


def load_project(root: Path) -> Project:
    """Loads a project as `runtime dev` would, also beside one that runs in the same folder.

    Warnings and what steps print as errors while they load go to standard error; files that cannot be used are in
    the catalog's problems. Raises `RuntimeFault` when settings, runners or the folder are not usable.
    """
    _check_writable(root)
    environment = project_environment(root, os.environ, development=True)
    settings = load_settings(root, environment.variables)
    return run(_load, (root, settings, environment))


async def _load(given: tuple[Path, Settings, ProjectEnvironment]) -> Project:
    root, settings, environment = given
    logs = LogService(log_to(sys.stderr), SystemClock(), LogLevel.WARN)
    for warning in environment.warnings:
        logs.core(LogLevel.WARN, warning)
    fleet = Fleet(root, settings, environment.variables, None, logs)
    async with fleet.running(Grace(settings.shutdown_grace)), fleet.renewal() as candidate:
        catalog = await candidate.catalog()
    return Project(root, settings, catalog)


def _check_writable(root: Path) -> None:
    """Raises `RuntimeFault` where runners could not be given what they need: a socket and a cache."""
    fix = "make the project folder writable, or copy it to where you may write"
    try:
        (root / _OURS).mkdir(exist_ok=True)
    except OSError as error:
        raise RuntimeFault(f"{_OURS} cannot be made in {root}: {error.strerror}", fix) from error
    for folder in (root / _OURS, *(root / _OURS / name for name in _FILLED)):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise RuntimeFault(f"{folder} cannot be written: Permission denied", fix)
