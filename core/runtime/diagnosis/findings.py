"""What a check has found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum

from runtime.errors import RuntimeFault


class Verdict(Enum):
    """A warning keeps nothing from running today; a fault does."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`found` is what there is, `fix` what to do about it, `command` the shell command that does it.

    The last two are empty where all is well; the command also where no single one mends it.
    """

    verdict: Verdict
    found: str
    fix: str = ""
    command: str = ""


def well(found: str) -> Finding:
    """All is as it should be."""
    return Finding(Verdict.OK, found)


def warning(found: str, fix: str = "", command: str = "") -> Finding:
    """Something is worth knowing, and keeps nothing from running."""
    return Finding(Verdict.WARNING, found, fix, command)


def fault(found: str, fix: str = "", command: str = "") -> Finding:
    """Something keeps the project, or a part of it, from running."""
    return Finding(Verdict.FAULT, found, fix, command)


def all_there(count: int, source: str) -> Finding:
    """The packages that a file asks for are there."""
    said = f"the one package of {source} is there" if count == 1 else f"all {count} packages of {source} are there"
    return well(said)


def raised(error: RuntimeFault, command: str = "") -> Finding:
    """The fault with which `runtime dev` would end."""
    return fault(str(error), error.fix, command)


def as_root(command: str) -> str:
    """The command for somebody who may not do this as the user they are."""
    return command if os.geteuid() == 0 else f"sudo {command}"
