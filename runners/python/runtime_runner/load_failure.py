"""Why a file did not load, where, and what mends it."""

from __future__ import annotations

import os
import re
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
MAX_REQUIREMENTS_BYTES = 1 << 20
"""How much of a file is searched for the name of a missing package."""


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
        found.failure.type = ""  # a class of the runner's own tells a user nothing
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
    package = PACKAGES.get(top, top)
    for file in ("requirements.txt", "pyproject.toml"):
        if _names(project.path(file), package):
            return f"{file} names {package}, so it only has to be installed: run `runtime install`."
    called = package if top in PACKAGES else f"{package}, or what it is called at pypi.org,"
    return (
        f"If it is a package, name {called} in requirements.txt: `runtime dev` installs it when you save, else "
        "`runtime install` does. If it is a file of yours, check its name and folder."
    )


def _names(file: str, package: str) -> bool:
    """True when a line of the file, or a text in it, begins with the package; all spellings of a dash count."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            text = opened.read(MAX_REQUIREMENTS_BYTES)
    except OSError:
        return False
    spelt = "[-_.]+".join(re.split("[-_.]+", package))
    pattern = rf"""(^\s*|["']){spelt}(?![\w.-])"""
    return re.search(pattern, text, re.IGNORECASE | re.MULTILINE) is not None
