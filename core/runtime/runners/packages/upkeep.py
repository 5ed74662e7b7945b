"""Packages in `runtime dev`: what the runtime has installed it keeps current, the rest it leaves to its owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from anyio import from_thread, to_thread

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.manifest import InstalledRunner
from runtime.runners.packages.commands import Ending, Say
from runtime.runners.packages.lock import alone
from runtime.runners.packages.npm import install_npm, is_npm_outdated, missing_packages, npm_packages, other_installer
from runtime.runners.packages.python import install_python, is_python_outdated, missing_requirements
from runtime.runners.packages.requirements import read_requirements

_NAMED = 3
"""Of missing packages, as many as are named."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """What is not installed as the project asks for it.

    `languages` are those whose packages the runtime installs by itself; `advice` has a line for each that it does not.
    """

    languages: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """What decides about the packages of a project; `installed` are the runners that are turned on."""

    root: Path
    settings: Settings
    environ: Mapping[str, str]
    installed: Sequence[InstalledRunner]


def outdated(project: Project) -> Outdated:
    """Looks at files alone, in milliseconds."""
    found = Outdated()
    looks = {"python": _python, "node": _node}
    for language in (runner.manifest.language for runner in project.installed):
        if language in looks:
            try:
                is_ours, advice = looks[language](project)
            except RunnerFault as fault:
                is_ours, advice = False, str(fault)
            found = Outdated(
                (*found.languages, *([language] if is_ours else ())), (*found.advice, *([advice] if advice else ()))
            )
    return found


async def install_outdated(project: Project, say: Say) -> frozenset[str]:
    """Installs what is the runtime's to install, gives the rest as advice to `say`, and names the languages it did.

    What fails is said in the installer's words. When it is cancelled the installer that runs is ended.
    """
    found = await to_thread.run_sync(outdated, project)
    for line in found.advice:
        say(line)
    done = set()
    for language in found.languages:
        async with _ended_with_this() as ending:
            if await to_thread.run_sync(_install, language, project, partial(_say_on_loop, say), ending):
                done.add(language)
    return frozenset(done)


@asynccontextmanager
async def _ended_with_this() -> AsyncIterator[Ending]:
    """What ends a command when this is cancelled while a thread waits for it."""
    ending = Ending()

    async def end_when_cancelled() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ending.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(end_when_cancelled)
        yield ending
        tasks.cancel_scope.cancel()


def _say_on_loop(say: Say, line: str) -> None:
    from_thread.run_sync(say, line)


def _install(language: str, project: Project, say: Say, ending: Ending) -> bool:
    root, settings, environ = project.root, project.settings, project.environ
    try:
        with alone(root, say, ending):
            if language == "node":
                install_npm(root, settings, environ, say, ending, keeps=True)
            else:
                install_python(root, settings, environ, _folder(project), read_requirements(root), say, ending)
    except RunnerFault as fault:
        if not ending.is_over:
            say(" ".join(filter(None, (str(fault), fault.fix))))
        return False
    return True


def _folder(project: Project) -> Path:
    return next(runner.folder for runner in project.installed if runner.manifest.language == "python")


def _python(project: Project) -> tuple[bool, str]:
    """Whether Python's packages are ours to install, and the line that is to be said where they are not."""
    wanted = read_requirements(project.root)
    if is_python_outdated(project.root, project.settings, _folder(project), wanted):
        return True, ""
    missing = missing_requirements(project.root, project.settings, wanted)
    return (
        False,
        f"Python: {_listed(missing)} of {wanted.source} is not installed: run `runtime install`" if missing else "",
    )


def _node(project: Project) -> tuple[bool, str]:
    """The same for npm's."""
    if is_npm_outdated(project.root, project.environ):
        return True, ""
    missing = missing_packages(project.root, project.environ) if npm_packages(project.root) else []
    tool = other_installer(project.root) or "npm"
    return (
        False,
        f"{tool}: {_listed(missing)} of package.json is not installed: run `{tool} install`" if missing else "",
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join((*names[:_NAMED], *([f"{more} more"] if more > 0 else ())))
