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
from runtime.model import LogLevel
from runtime.runners.fleet import Fleet
from runtime.services.logs import LogService


@dataclass(frozen=True, slots=True)
class Project:
    """What a command can know of a project that does not run."""

    root: Path
    settings: Settings
    catalog: Catalog


def load_project(root: Path) -> Project:
    """Loads a project as `runtime dev` would, also beside one that runs in the same folder.

    Warnings and what steps print as errors while they load go to standard error; files that cannot be used are in
    the catalog's problems. Raises `RuntimeFault` when settings or runners are not usable.
    """
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
