"""Whether a new step would take what another one has, or stand where nobody looks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from runtime.cli.loading import Project
from runtime.definitions.steps import default_name
from runtime.definitions.triggers import route_shape
from runtime.errors import RuntimeFault
from runtime.runners.discovery import find_files, is_foreign, left_out_by
from runtime.runners.manifest import find_runners
from runtime.scaffold.steps import NewStep

_MOST_BYTES = 256 * 1024
"""A longer file is no step that somebody wrote."""
_VALUE = r"""["']?\s*(?:=>|[:=])\s*(?P<quote>["'`])(?P<value>.*?)(?P=quote)"""
_NAMES, _PATHS, _METHODS = (re.compile(rf"\b{key}{_VALUE}") for key in ("name", "path", "method"))
_UNREAD = ", which could not be loaded and says so in its text"
_OTHER_NAME, _OTHER_ROUTE = "give it another --name", "give it another --path or --method"


def check_free(project: Project, step: NewStep) -> None:
    """Raises `RuntimeFault` where another step has the name or the route, also one that does not load."""
    for file, name in _names(project):
        if name == step.name:
            raise RuntimeFault(f"the name '{step.name}' is taken by {file}", _OTHER_NAME)
    if step.kind.type != "api":
        return
    wanted = (step.details["method"].upper(), route_shape(step.details["path"]))
    for file, method, path in _routes(project):
        if (method, route_shape(path)) == wanted:
            raise RuntimeFault(f"the route {method} {step.details['path']} is taken by {file}", _OTHER_ROUTE)


def check_findable(project: Project, file: str) -> None:
    """Raises `RuntimeFault` for a file that no runner would be given, such as `test_user_step.py`."""
    path, complaint = PurePosixPath(file), f"no step would be found at {file}"
    for folder in reversed(path.parents[:-1]):
        if is_foreign(project.root / folder):
            raise RuntimeFault(f"{complaint}: {folder} belongs to a tool and is left out", "give it another --dir")
    if pattern := left_out_by(path.name):
        fix = "give it another --name"
        raise RuntimeFault(f"{complaint}: files that are called {pattern} are tests and left out", fix)
    runners = find_runners(project.root, project.settings)
    if not any(runner.takes_step(path.name) or runner.takes_stream(path.name) for runner in runners):
        raise RuntimeFault(f"{complaint}: its language is turned off", "turn it on under `runners` in runtime.yaml")


def _names(project: Project) -> Iterator[tuple[str, str]]:
    """Each name that a step has, and whose it is."""
    yield from ((step.file, step.name) for step in project.catalog.steps)
    for file, text in _unread(project):
        found = [each["value"] for each in _NAMES.finditer(text)] or [default_name(file)]
        yield from ((f"{file}{_UNREAD}", name) for name in found)


def _routes(project: Project) -> Iterator[tuple[str, str, str]]:
    """Each route that a step has: whose it is, method and path; of a text, each method with each path."""
    for route in project.catalog.routes:
        yield route.step.file, route.trigger.method, route.trigger.path
    for file, text in _unread(project):
        methods = {each["value"].upper() for each in _METHODS.finditer(text)}
        paths = {each["value"] for each in _PATHS.finditer(text)}
        yield from ((f"{file}{_UNREAD}", method, path) for method in methods for path in paths)


def _unread(project: Project) -> Iterator[tuple[str, str]]:
    """The step files that could not be loaded, and their texts."""
    loaded = {step.file for step in project.catalog.steps}
    for files in find_files(project.root, find_runners(project.root, project.settings)).values():
        for file in files.steps:
            if file not in loaded:
                yield file, _text(project.root / file)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return ""
