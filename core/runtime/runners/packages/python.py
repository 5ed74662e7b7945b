"""The project's Python environment: made where there is none, and filled."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.packages.commands import Ending, Say, run
from runtime.runners.packages.requirements import Requirements, missing_packages
from runtime.runners.packages.stamp import is_installed, is_ours, note_begun, note_installed, unfinished
from runtime.runners.programs import VIRTUAL_ENVIRONMENT, ProjectPython, passed_over, project_python

RUNNER_REQUIREMENTS = "requirements.txt"
"""What the Python runner needs, a file in its folder."""
INSTALLING = "installing"
"""What the folder of stamps says from the begin of an installation until it has come to its end."""
_MAKING = "making it"
_HAS_PIP = "import importlib.util, sys; sys.exit(3 if importlib.util.find_spec('pip') is None else 0)"
_NO_PIP = 3
_SITE_PACKAGES = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"


def is_python_outdated(root: Path, settings: Settings, runner: Path, wanted: Requirements) -> bool:
    """Whether packages are to be installed, and it is the runtime that may: nobody else has made what they go into.

    Without an environment the steps run with the core's interpreter, which may have all that they want.
    """
    python = project_python(root, settings)
    folder = python.environment or python.packages
    if folder is None:
        return not settings.runner("python").executable and (wanted.has_unnamed or bool(wanted.missing()))
    return is_ours(folder) and not is_installed(folder, _key(python, _needed(python, runner, wanted), wanted))


def has_pip(environment: Path) -> bool:
    """Whether an environment has an installer of its own, as far as a look at its folders tells."""
    return any((folder / "pip").is_dir() for folder in environment.glob(_SITE_PACKAGES))


def stamp_folder(root: Path, python: ProjectPython) -> Path:
    """Where it is noted what was installed for this Python."""
    return python.environment or python.packages or root / ".runtime" / "cache" / "python"


def missing_requirements(root: Path, settings: Settings, wanted: Requirements) -> list[str]:
    """What the project wants by name and its environment does not have; empty where the project has none."""
    return missing_packages(wanted.lines, _path(project_python(root, settings)))


def _path(python: ProjectPython) -> list[str]:
    """The folders that hold the project's packages; none where the interpreter is not the project's."""
    if python.environment is None:
        return [str(python.packages)] if python.packages is not None else []
    return [str(path) for path in python.environment.glob(_SITE_PACKAGES)]


def install_python(
    root: Path,
    settings: Settings,
    environ: Mapping[str, str],
    runner: Path,
    wanted: Requirements,
    say: Say,
    ending: Ending | None = None,
) -> None:
    """Puts what the project wants and what the runner in the folder `runner` needs where the steps will find it.

    Makes `.venv` where the project has no environment. Raises `RunnerFault` with the installer's words.
    """
    if wanted.names_motia:
        say(f"Python: motia comes along with the runtime; its line in {wanted.source} is passed over")
    _remove_half_made(root)
    python = project_python(root, settings)
    if fault := python.fault():
        raise RunnerFault(fault, python.fix())
    if notice := passed_over(root, python):
        say(f"Python: {notice}; it is made one")
    if not (python.environment or python.packages or settings.runner("python").executable):
        _make_environment(root, environ, say, ending)
        python = project_python(root, settings)
    needed = _needed(python, runner, wanted)
    place = _name(root, python)
    stamps = stamp_folder(root, python)
    key = _key(python, needed, wanted)
    if not needed or (is_installed(stamps, key) and not _lacks(needed, python, root, environ)):
        say(f"Python: {place} is up to date")
        return
    sources = " and ".join(filter(None, (wanted.source, "" if python.packages else "what the runner needs")))
    say(f"Python: installing {sources} into {place}...")
    if is_ours(stamps):
        note_begun(stamps, INSTALLING)
    _install(root, python, needed, environ, f"installing {sources} into {place}", ending)
    note_installed(stamps, _key(python, needed, wanted))


def _install(
    root: Path,
    python: ProjectPython,
    needed: tuple[str, ...],
    environ: Mapping[str, str],
    what: str,
    ending: Ending | None,
) -> None:
    # The environment's own variables, but for those that lead the installer itself to the packages of the project.
    variables = environ if python.packages else python.variables(environ)
    file = root / ".runtime" / "cache" / "python" / "requirements.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in needed), encoding="utf-8")
    target = ["--target", str(python.packages), "--upgrade"] if python.packages else []
    run([*_installer(root, python, variables), *target, "-r", str(file)], root, variables, what, ending)


def _lacks(needed: tuple[str, ...], python: ProjectPython, root: Path, environ: Mapping[str, str]) -> bool:
    """Whether the Python itself misses what the stamp says is there, such as a version that somebody has changed."""
    from runtime.runners.packages.ask import NoAnswer
    from runtime.runners.packages.lacking import lacking, named  # 0.03 s that a start of `dev` can do without

    try:
        return bool(lacking(named(needed), python, root, environ))
    except NoAnswer:
        return False


def _needed(python: ProjectPython, runner: Path, wanted: Requirements) -> tuple[str, ...]:
    return wanted.lines if python.packages else (*wanted.lines, *_lines_of(runner / RUNNER_REQUIREMENTS))


def _remove_half_made(root: Path) -> None:
    """An environment whose making was cut short lacks what it cannot be given afterwards."""
    folder = root / VIRTUAL_ENVIRONMENT
    if unfinished(folder) == _MAKING:
        shutil.rmtree(folder, ignore_errors=True)


def _make_environment(root: Path, environ: Mapping[str, str], say: Say, ending: Ending | None) -> None:
    folder = root / VIRTUAL_ENVIRONMENT
    is_new = not folder.exists()
    say(f"Python: making {VIRTUAL_ENVIRONMENT} with Python {'.'.join(map(str, sys.version_info[:3]))}...")
    if is_new:
        note_begun(folder, _MAKING)
    try:
        run([sys.executable, "-m", "venv", str(folder)], root, environ, f"making {VIRTUAL_ENVIRONMENT}", ending)
    except RunnerFault:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)  # half an environment would be taken for a whole one
        raise
    note_begun(folder, INSTALLING)


def _installer(root: Path, python: ProjectPython, environ: Mapping[str, str]) -> list[str]:
    """The environment's own pip, else uv, which needs none there. Raises `RunnerFault` when it has neither."""
    interpreter = python.interpreter
    try:
        found = subprocess.run([interpreter, "-c", _HAS_PIP], cwd=root, env=dict(environ), check=False).returncode
    except OSError as error:
        fix = f"remove {_name(root, python)} and run `runtime install` again" if python.environment else ""
        raise RunnerFault(f"the Python {interpreter} does not run: {error.strerror}", fix) from error
    if found == 0:
        return [interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    uv = shutil.which("uv", path=environ.get("PATH"))
    if found == _NO_PIP and uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", interpreter]
    raise RunnerFault(f"{_name(root, python)} has no pip", f"run `{interpreter} -m ensurepip`, or install uv")


def _lines_of(file: Path) -> tuple[str, ...]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _key(python: ProjectPython, needed: tuple[str, ...], wanted: Requirements) -> str:
    """Stands for what is wanted and which of it is not there.

    So a package that somebody removes is missed, and one that is kept elsewhere (the system's) is not sought for ever.
    """
    interpreter = sys.version
    if python.environment is not None:  # it names the version that the environment was made with
        interpreter = (python.environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    lacking = missing_packages(needed, _path(python))
    return hashlib.sha256("\n".join((interpreter, wanted.fingerprint, *needed, *lacking)).encode()).hexdigest()


def _name(root: Path, python: ProjectPython) -> str:
    folder = python.environment or python.packages
    return str(folder.relative_to(root)) if folder else python.interpreter
