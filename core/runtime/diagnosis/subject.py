"""What is examined: a project with its settings and variables, as far as they can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from runtime.config import Settings
from runtime.configfile import CONFIG_FILE, default_settings, load_settings
from runtime.diagnosis.findings import Finding, raised, warning, well
from runtime.environment import ProjectEnvironment, project_environment
from runtime.errors import RuntimeFault
from runtime.runners.discovery import Discovery, discover
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.projectconfig import LANGUAGES, config_files, refuse_unread, the_config
from runtime.web.guard import control_token
from runtime.web.tls import server_context

Read = TypeVar("Read")
_ENV_FILES = (".env", ".env.local", ".env.development", ".env.production")
_BY_DEFAULTS = "; the checks below go by the default settings"
_BY_OURS = "; the checks below go by the runners that come along"


@dataclass(frozen=True, slots=True)
class Subject:
    """A project; where its settings cannot be used, with the default ones.

    `process` are the variables of the process itself, `variables` those and the files' together.
    """

    root: Path
    process: Mapping[str, str]
    variables: Mapping[str, str]
    settings: Settings
    reading: Finding
    """How the `.env` files could be read."""
    configuration: Finding
    """How `runtime.yaml` could."""
    runners: Mapping[str, InstalledRunner] = field(default_factory=dict)
    """By language, those that are turned on."""
    discovery: Discovery = field(default_factory=lambda: Discovery({}, (), ()))
    """Its step and stream files, those that cannot be loaded among them."""

    def needs(self, language: str) -> bool:
        """True where a file of the project is in this language."""
        return bool(self.discovery.files.get(language)) or language in {
            LANGUAGES[file] for file in config_files(self.root)
        }


def read_subject(root: Path, process: Mapping[str, str]) -> Subject:
    """Reads what `runtime dev` would read before it starts anything; what is wrong with it is in the findings."""
    environment, reading = _environment(root, process)
    variables = environment.variables
    settings, unread = _attempt(lambda: load_settings(root, variables), lambda: _default_settings(variables))
    runners, unfound = _attempt(lambda: find_runners(root, settings), lambda: find_runners(root, Settings()))
    _, unusable = _attempt(lambda: _refuse_unusable(root, settings, runners), lambda: None)
    wrong = _and(unread, _BY_DEFAULTS) or _and(unfound, _BY_OURS) or unusable
    return Subject(
        root,
        process,
        variables,
        settings,
        reading,
        wrong or _configured(root),
        {runner.manifest.language: runner for runner in runners},
        discover(root, runners),
    )


def _attempt(read: Callable[[], Read], otherwise: Callable[[], Read]) -> tuple[Read, Finding | None]:
    try:
        return read(), None
    except RuntimeFault as error:
        return otherwise(), raised(error)


def _and(wrong: Finding | None, consequence: str) -> Finding | None:
    return wrong and replace(wrong, found=wrong.found + consequence)


def _default_settings(variables: Mapping[str, str]) -> Settings:
    return _attempt(lambda: default_settings(variables), Settings)[0]


def _environment(root: Path, process: Mapping[str, str]) -> tuple[ProjectEnvironment, Finding]:
    try:
        environment = project_environment(root, process, development=True)
    except RuntimeFault as error:
        return ProjectEnvironment(process), raised(error)
    folder = next((name for name in _ENV_FILES if (root / name).is_dir()), None)
    if folder is not None and not (root / folder / "pyvenv.cfg").exists():
        found = f"{folder} is a folder, so no variables are read from it"
        return environment, warning(found, "if it is meant to be a file, move the folder away")
    if environment.warnings:
        return environment, warning("\n".join(environment.warnings), "correct the line")
    files = sorted(path.name for path in root.glob(".env*") if path.is_file())
    return environment, well(f"{', '.join(files)} can be read" if files else "there is no .env file")


def _refuse_unusable(root: Path, settings: Settings, runners: Sequence[InstalledRunner]) -> None:
    """Raises `RuntimeFault` where settings that can be read say what cannot be."""
    server_context(settings.http.tls, root)
    control_token(settings.control, development=True)
    refuse_unread(root)
    the_config(config_files(root), [runner.manifest.language for runner in runners])


def _configured(root: Path) -> Finding:
    is_there = (root / CONFIG_FILE).exists()
    return well(f"{CONFIG_FILE} is valid" if is_there else f"there is no {CONFIG_FILE}, so the defaults hold")
