"""Changed paths -> what they concern: which languages, the settings, the packages."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runtime.configfile import CONFIG_FILE
from runtime.environment import DEVELOPMENT
from runtime.model import Step
from runtime.reload.patterns import from_root, matches
from runtime.runners.discovery import has_foreign_name, is_left_out
from runtime.runners.manifest import InstalledRunner
from runtime.runners.projectconfig import LANGUAGES

_SETUP = frozenset({CONFIG_FILE, ".env", ".env.local", f".env.{DEVELOPMENT}"})
_WRITTEN = frozenset({"types.d.ts", "runtime_types.py", "motia-workbench.json"})
"""What the runtime and its tools write themselves into the project's folder; no step runs otherwise for it."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What a set of changed files means; false when nothing.

    `languages` have to load anew, `fixed` ones would have to but cannot without a restart (`reload = "none"`). `setup`
    is runtime.yaml or an `.env` file. `packages` are the languages whose packages may be others now. `drawing` is what
    draws steps in the Workbench.
    """

    languages: frozenset[str] = frozenset()
    setup: bool = False
    packages: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    drawing: bool = False

    def __bool__(self) -> bool:
        return bool(self.languages or self.setup or self.packages or self.fixed or self.drawing)


def concern_of(
    paths: Iterable[str],
    installed: Sequence[InstalledRunner],
    imports: Mapping[str, Collection[str]],
    included: Mapping[str, Collection[str]],
) -> Concern:
    """What files, as paths relative to the root with "/" between, concern.

    `imports` are the files that the steps of a language have imported, `included` the patterns of `included_patterns`.
    A source counts wherever it lies, for nobody knows what a step will import while it runs.
    """
    paths = tuple(paths)
    found = {
        runner.manifest.language: runner
        for runner in installed
        if any(_concerns(path, runner, imports, included) for path in paths)
    }
    reloads = frozenset(name for name, runner in found.items() if runner.manifest.reload != "none")
    packages = {
        runner.manifest.language for runner in installed if any(path in runner.manifest.project_files for path in paths)
    }
    setup = not _SETUP.isdisjoint(paths)
    drawing = any(_draws(path, installed) for path in paths)
    return Concern(reloads, setup, frozenset(packages), frozenset(found) - reloads, drawing)


def named_files(installed: Iterable[InstalledRunner]) -> frozenset[str]:
    """Files that count wherever they lie, also in folders that are not watched."""
    return frozenset(path for runner in installed for path in runner.manifest.project_files)


def included_patterns(steps: Iterable[Step]) -> dict[str, frozenset[str]]:
    """By language: what the steps' `includeFiles` name, relative to the root."""
    found: dict[str, set[str]] = {}
    for step in steps:
        folder = step.file.rpartition("/")[0]
        patterns = (from_root(folder, pattern) for pattern in step.include_files if not pattern.startswith("!"))
        found.setdefault(step.language, set()).update(pattern for pattern in patterns if pattern)
    return {language: frozenset(patterns) for language, patterns in found.items() if patterns}


def _draws(path: str, installed: Sequence[InstalledRunner]) -> bool:
    *folders, name = path.split("/")
    is_foreign = is_left_out(name) or any(map(has_foreign_name, folders))
    return not is_foreign and any(runner.takes_component(name) for runner in installed)


def _concerns(
    path: str,
    runner: InstalledRunner,
    imports: Mapping[str, Collection[str]],
    included: Mapping[str, Collection[str]],
) -> bool:
    language, manifest = runner.manifest.language, runner.manifest
    if path in manifest.project_files or LANGUAGES.get(path) == language:
        return True
    *folders, name = path.split("/")
    if path in _WRITTEN or is_left_out(name) or any(map(has_foreign_name, folders)):
        return False
    if runner.takes_step(name) or runner.takes_stream(name):
        return True
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in manifest.source_files):
        return True
    return path in imports.get(language, ()) or any(matches(path, each) for each in included.get(language, ()))
