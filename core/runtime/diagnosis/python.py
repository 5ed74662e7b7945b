"""The Python of the runtime, that of the steps, and the packages that they import."""

from __future__ import annotations

import re
import shlex
import shutil
import sys

from packaging.requirements import InvalidRequirement, Requirement

from runtime.diagnosis.findings import Finding, all_there, fault, raised, warning, well
from runtime.diagnosis.subject import Subject
from runtime.errors import RunnerFault
from runtime.runners.packages.ask import NoAnswer, ask
from runtime.runners.packages.lacking import bare, lacking, named
from runtime.runners.packages.python import INSTALLING, has_pip, stamp_folder
from runtime.runners.packages.requirements import Requirements, read_requirements
from runtime.runners.packages.stamp import unfinished
from runtime.runners.programs import LEAST_PYTHON, ProjectPython, passed_over, project_python

_OTHERS = ("-", ".", "$")
"""How lines begin that are options, paths or filled in by the installer."""
_PLACE = re.compile(r"[/\\:]|\.(?:whl|zip|tar|tar\.\w+|t[bglx]z)$")
"""What a path, an address or the name of a file has in it."""
_LEAST = ".".join(map(str, LEAST_PYTHON))
# Read by whatever Python the project has, also an older one.
_UNMET = """
import sys
sys.path.insert(0, sys.argv[1])
found = "%d.%d.%d" % sys.version_info[:3]
if sys.version_info < (3, 11):
    print(found + " too old")
else:
    from runtime_runner.requirements import unmet
    print(found, unmet())
"""


def look_at_runtime(subject: Subject) -> Finding:
    """The interpreter that runs the core."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        return fault(
            f"Python {version}, and the runtime needs at least {_LEAST}", "install the runtime with a newer one"
        )
    return well(f"Python {version} ({sys.executable})")


def look_at_steps(subject: Subject) -> Finding:
    """The interpreter of the steps, and what the runner itself imports."""
    runner = subject.runners.get("python")
    if runner is None:
        return well("the Python runner is turned off")
    python = project_python(subject.root, subject.settings)
    place = _place(subject, python)
    if wrong := python.fault():
        return _as_needed(subject, fault(wrong, python.fix(), _anew(python)))
    try:
        answer = ask([python.interpreter, "-c", _UNMET, str(runner.folder)], subject.root, _variables(subject, python))
    except NoAnswer as error:
        return _as_needed(subject, fault(f"{place} {error}", _fix(python), _anew(python)))
    version, _, unmet = answer.strip().rpartition("\n")[2].partition(" ")
    if unmet == "too old":
        wrong = f"{place} is Python {version}, and the runner needs at least {_LEAST}"
        return _as_needed(subject, fault(wrong, _fix(python), _anew(python)))
    if unmet:
        return _as_needed(
            subject, fault(f"{place}: {unmet}", "install what the runner needs", _install(subject, python))
        )
    if notice := passed_over(subject.root, python):
        return warning(f"{notice} and is passed over", "make it one", _install(subject, python))
    return well(f"Python {version} ({place})")


def look_at_packages(subject: Subject) -> Finding:
    """What requirements.txt or pyproject.toml ask for."""
    try:
        wanted = read_requirements(subject.root)
    except RunnerFault as error:
        return raised(error)
    if broken := _broken(wanted):
        return fault(broken, "correct the line; it is a name with versions, such as pydantic>=2,<3")
    python = project_python(subject.root, subject.settings)
    requirements = named(wanted.lines)
    if not requirements or python.fault():
        return well("no packages are asked for" if not requirements else "not looked for, as the Python is not usable")
    try:
        lacks = lacking(requirements, python, subject.root, subject.variables)
    except NoAnswer as error:
        return warning(f"not looked for: the Python of the steps {error}")
    if lacks:
        found = f"{', '.join(lacks)} (asked for by {wanted.source})"
        return fault(found, f"install the packages{_hint(subject, python, len(lacks))}", _install(subject, python))
    return all_there(len(requirements), wanted.source)


def _broken(wanted: Requirements) -> str:
    """What is wrong with the first line that an installer would refuse; empty where it would refuse none."""
    for line, place in zip(wanted.lines, wanted.places, strict=True):
        if line.startswith(_OTHERS) or _PLACE.search(bare(line)):
            continue
        try:
            Requirement(bare(line))
        except InvalidRequirement as error:
            return f"{place}: '{bare(line)}' is no requirement: {str(error).partition(chr(10))[0]}"
    return ""


def _place(subject: Subject, python: ProjectPython) -> str:
    """What messages call the interpreter."""
    folder = python.environment or python.packages
    if folder is not None:
        return folder.name
    return subject.settings.runner("python").shown("executable", python.interpreter)


def _variables(subject: Subject, python: ProjectPython) -> dict[str, str]:
    return python.variables(subject.variables)


def _anew(python: ProjectPython) -> str:
    """What replaces a broken environment; empty where the project did not bring the interpreter."""
    folder = python.environment
    return f"rm -rf {shlex.quote(folder.name)} && runtime install" if folder is not None else ""


def _fix(python: ProjectPython) -> str:
    return python.fix() if python.environment is not None else "correct runners.python.executable in runtime.yaml"


def _install(subject: Subject, python: ProjectPython) -> str:
    """What installs the packages.

    Empty where the project asks for what cannot be installed: that is to be corrected first.
    """
    try:
        if _broken(read_requirements(subject.root)):
            return ""
    except RunnerFault:
        return ""
    return f"{_bring_pip(subject, python)}runtime install"


def _hint(subject: Subject, python: ProjectPython, count: int) -> str:
    """What to look at as well where the last installation is known to have failed."""
    if unfinished(stamp_folder(subject.root, python)) != INSTALLING:
        return ""
    what = "the name and its version" if count == 1 else "the names and their versions"
    return f"; the last try did not come to its end, so check {what}"


def _bring_pip(subject: Subject, python: ProjectPython) -> str:
    """What gives an environment an installer, before the command that needs it; empty where there is one."""
    if python.environment is None or has_pip(python.environment):
        return ""
    is_uv = shutil.which("uv", path=subject.variables.get("PATH")) is not None
    return "" if is_uv else f"{shlex.quote(python.interpreter)} -m ensurepip && "


def _as_needed(subject: Subject, finding: Finding) -> Finding:
    """The fault, or a warning where no file of the project is in Python."""
    if subject.needs("python"):
        return finding
    return warning(f"{finding.found}; no step needs it", finding.fix, finding.command)
