"""What a project's settings and variables are, read as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from runtime.config import Settings
from runtime.environment import ProjectEnvironment


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings, the command line's words among them, and variables."""

    settings: Settings
    environment: ProjectEnvironment


ReadSetup = Callable[[], Setup]
"""Reads `runtime.yaml` and the `.env` files anew. Raises `RuntimeFault` for what cannot be used."""


class Reading(NamedTuple):
    """How the setup is read anew, and how missing packages are installed, which gives the languages that have some."""

    read: ReadSetup
    install: Callable[[Setup], Awaitable[frozenset[str]]]
