"""What a project's Python lacks of packages that are asked for by name, as that Python itself tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from runtime.runners.packages.ask import NoAnswer, ask
from runtime.runners.programs import ProjectPython

# Read by whatever Python the project has, also an older one.
_VERSIONS = """
import importlib.metadata, json, sys
found = {"": "%d.%d.%d" % sys.version_info[:3]}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def named(lines: Iterable[str]) -> list[Requirement]:
    """Those of the lines that are name and versions; an option, a folder, an address is passed over."""
    return list(filter(None, map(_requirement, lines)))


def bare(line: str) -> str:
    """The line without its comment, and without what it tells the installer."""
    return line.partition(" #")[0].partition(" --")[0].strip()


def lacking(wanted: Iterable[Requirement], python: ProjectPython, root: Path, environ: Mapping[str, str]) -> list[str]:
    """What is wrong with each that is missing or of another version. Raises `NoAnswer`."""
    requirements = list(wanted)
    names = [requirement.name for requirement in requirements]
    answer = ask([python.interpreter, "-c", _VERSIONS, *names], root, python.variables(environ))
    try:
        installed: dict[str, str | None] = json.loads(answer.strip().rpartition("\n")[2])
    except ValueError as error:
        raise NoAnswer("does not say which packages it has") from error
    return list(filter(None, (_lack(each, installed) for each in requirements)))


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(bare(line))
    except InvalidRequirement:
        return None


def _lack(wanted: Requirement, installed: Mapping[str, str | None]) -> str:
    """What is wrong with a package; empty when it is there, or not meant for this Python."""
    version = str(installed[""])
    here = {"python_full_version": version, "python_version": version.rpartition(".")[0]}
    if wanted.marker is not None and not wanted.marker.evaluate(here):
        return ""
    found = installed[wanted.name]
    if found is None:
        return f"{wanted.name} is missing"
    is_right = wanted.url is not None or wanted.specifier.contains(found, prereleases=True)
    return "" if is_right else f"{wanted.name} is {found}, not {wanted.specifier}"
