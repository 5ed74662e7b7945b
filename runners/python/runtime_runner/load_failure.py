"""Why a file did not load, where, and what mends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from runtime_runner import failure
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.project import Project

PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Packages that are called otherwise than their module."""


class DefinitionError(Exception):
    """A file loads but does not define what it should; `fix` says in one sentence what mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def load_failure(file: str, error: BaseException, project: Project) -> pb.LoadFailure:
    """The entry of a file that threw while it was loaded."""
    found = pb.LoadFailure(file=file, failure=failure.of(error, project, pb.FAILURE_KIND_LOAD))
    found.failure.retryable = False
    path, found.line, found.column = _place_of(error, project)
    if path != file:
        found.location_file = path
    if isinstance(error, DefinitionError):
        found.fix = error.fix
    elif isinstance(error, SyntaxError):
        # The place has fields of its own.
        found.failure.message = error.msg
    elif isinstance(error, ModuleNotFoundError) and error.name:
        found.failure.message = f"There is no module {error.name!r}, which {path or file} imports."
        found.fix = _fix_of_missing(error.name, project)
    elif isinstance(error, ImportError) and "beyond top-level" in str(error):
        found.fix = "Imports with dots end at the first folder; write it from the project root: from src.x import y."
    return found


def _place_of(error: BaseException, project: Project) -> tuple[str, int, int]:
    if isinstance(error, SyntaxError) and error.filename:
        return project.relative(error.filename) or "", error.lineno or 0, error.offset or 0
    for link in _causes(error):
        stack = failure.frames(link.__traceback__, project)
        if stack:
            return stack[-1].filename, stack[-1].lineno or 0, 0
    return "", 0, 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def _fix_of_missing(name: str, project: Project) -> str:
    top = name.partition(".")[0]
    if os.path.exists(project.path(top)):
        return f"Check the name: the project has no {name.replace('.', '/')}.py and no such folder."
    return (
        f"If it is a package, run `{sys.executable} -m pip install {PACKAGES.get(top, top)}` and name it in "
        "requirements.txt; if it is a file of yours, check its name and folder."
    )
