"""`runner.toml`: what the core must know of a language to run it."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.config import RunnerSettings, Settings
from runtime.errors import RunnerFault

MANIFEST_FILE = "runner.toml"
_FIX = "see PROTOCOL.md, section 2, for what it says"
_PACKAGED = Path(__file__).resolve().parent.parent / "_runners"
_CHECKOUT = Path(__file__).resolve().parents[3] / "runners"


class RunnerManifest(BaseModel):
    """A runner's description of itself; see PROTOCOL.md, section 2."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(min_length=1)
    """Name of the language, as `Hello` says it."""
    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments; `{dir}` is the manifest's folder, `{python}` and `{node}` those programs."""
    step_files: tuple[str, ...] = Field(min_length=1)
    """File name patterns of steps."""
    stream_files: tuple[str, ...] = ()
    """File name patterns of stream definitions."""
    install: str = ""
    """Command that installs the program and what the runner needs beside it; shown where something is missing."""
    reload: Literal["process", "none"] = "process"
    """How changed code is taken up in `dev`: by a new generation, or not until the next start."""
    source_files: tuple[str, ...] = ()
    """File name patterns of what steps of the language may import: a change of one renews the runner."""
    project_files: tuple[str, ...] = ()
    """Files, relative to the project root, whose change renews the runner: what packages there are, how to compile."""
    component_files: tuple[str, ...] = ()
    """File name patterns of what draws steps in the Workbench; no step imports it."""
    inspect_command: tuple[str, ...] = ()
    """The command with a debugger that listens at `{port}` of 127.0.0.1; empty where there is none."""
    inspect_port: int = Field(0, ge=0, le=65535)
    """Where people expect that debugger."""


@dataclass(frozen=True, slots=True)
class InstalledRunner:
    """A runner manifest and the folder it was found in."""

    manifest: RunnerManifest
    folder: Path
    shown: str = ""
    """What messages call the manifest, where its path must not be shown."""

    def command(self, programs: Mapping[str, str]) -> list[str]:
        """The command with its placeholders filled in. Raises `RunnerFault` for one that is not known."""
        return self._filled(self.manifest.command, programs)

    def inspect_command(self, programs: Mapping[str, str], port: int) -> list[str]:
        """The command with a debugger at that port, empty where there is none. Raises `RunnerFault` likewise."""
        return self._filled(self.manifest.inspect_command, {**programs, "port": str(port)})

    def _filled(self, command: Sequence[str], programs: Mapping[str, str]) -> list[str]:
        try:
            return [part.format(dir=self.folder, **programs) for part in command]
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            known = ", ".join(f"{{{name}}}" for name in ("dir", *programs))
            called = self.shown or self.folder / MANIFEST_FILE
            raise RunnerFault(
                f"{called}: a placeholder in {list(command)} is bad: {error}",
                f"the placeholders are {known}; write {{{{ for a brace",
            ) from error

    def takes_step(self, name: str) -> bool:
        """True for the file name of a step of this language."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.manifest.step_files)

    def takes_component(self, name: str) -> bool:
        """True for the file name of what draws steps and which this runner can bundle."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.manifest.component_files)

    def takes_stream(self, name: str) -> bool:
        """True for the file name of a stream definition of this language."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.manifest.stream_files)


def find_runners(root: Path, settings: Settings) -> list[InstalledRunner]:
    """The runners that come along and those that `runtime.yaml` adds, without those that it turns off.

    Raises `RunnerFault` for a manifest that is missing or not valid.
    """
    home = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    folders = {path.parent.name: path.parent for path in sorted(home.glob(f"*/{MANIFEST_FILE}"))}
    for name, runner in settings.runners.items():
        if runner.manifest is not None:
            folders[name] = root / runner.manifest
        elif name not in folders:
            known = ", ".join(folders)
            raise RunnerFault(
                f"runtime.yaml: runners.{name} names no runner; those that come along are {known}",
                f"add runners.{name}.manifest, the folder that holds its {MANIFEST_FILE}",
            )
    enabled = {name: folder for name, folder in folders.items() if settings.runner(name).enabled}
    return [_read(name, folder, settings.runner(name)) for name, folder in enabled.items()]


def read_runner(folder: Path, shown: str = "") -> InstalledRunner:
    """The runner of a folder. Raises `RunnerFault` for a manifest that is missing or not valid.

    `shown` is what messages call the manifest; empty for its path.
    """
    path = folder / MANIFEST_FILE
    called = f"the runner manifest {shown or path}"
    try:
        manifest = RunnerManifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RunnerFault(f"{called} cannot be read: {error.strerror}") from (None if shown else error)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise RunnerFault(f"{called} is not valid: {faults}", _FIX) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RunnerFault(f"{called} is no TOML: {error}", _FIX) from error
    return InstalledRunner(manifest, folder, shown)


def _read(name: str, folder: Path, settings: RunnerSettings) -> InstalledRunner:
    path = folder / MANIFEST_FILE
    shown = settings.shown("manifest", path)
    runner = read_runner(folder, "" if shown == str(path) else shown)
    if runner.manifest.language != name:
        language = runner.manifest.language
        raise RunnerFault(f"{shown} says language '{language}', but runtime.yaml calls it '{name}'")
    return runner
