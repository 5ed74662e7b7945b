"""The Python packages that a project asks for: `requirements.txt`, else `pyproject.toml`."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import NamedTuple

from runtime.errors import RunnerFault
from runtime.files import read_file

_CONTINUED = re.compile(r"\\\r?\n")
_WHOLE_LINE = re.compile(r"(?:[^\n]*\\\r?\n)*[^\n]*(?:\n|\Z)")
"""A line with those that it goes on in."""
_OTHER_FILE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?=[^-\s]))(?P<file>[^#]*[^#\s])")
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(\[[^]]*\])?\s*($|[#;@=<>!~(])")
_OPTION = re.compile(r"--?(?!e\b|editable\b)[a-z]")
"""The beginning of a line that says how to install, not what."""
_OURS = re.compile(r"motia\s*(\[[^]]*\])?\s*($|[#;@=<>!~])", re.IGNORECASE)


class Line(NamedTuple):
    """A line that says something, and where it begins, such as `requirements.txt:3`."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """What to install, in the form of a requirements file without references to others of its kind."""

    source: str
    """The file that it comes from, relative to the project root; empty when there is none."""
    lines: tuple[str, ...]
    places: tuple[str, ...]
    """Where each of the lines stands."""
    names_motia: bool
    """True when the project asks for `motia`, which comes along with the runtime and is not among the lines."""
    fingerprint: str
    """Changes with all that decides what is installed."""

    def __bool__(self) -> bool:
        return bool(self.lines)

    def missing(self) -> list[str]:
        """The names of packages that this interpreter does not have."""
        return missing_packages(self.lines, sys.path)

    @property
    def has_unnamed(self) -> bool:
        """True when a line wants a package without naming it, such as a folder or an address."""
        return not all(_OPTION.match(line) or _NAME.match(line) for line in self.lines)


def read_requirements(root: Path) -> Requirements:
    """Reads what the project asks for; what it does not say is empty. Raises `RunnerFault` for a file that is bad."""
    if _is_there_at_all(root / "requirements.txt"):
        return _requirements("requirements.txt", _lines((root / "requirements.txt").resolve(), root.resolve(), ()))
    if _is_there_at_all(root / "pyproject.toml"):
        return _requirements("pyproject.toml", _dependencies(root / "pyproject.toml"))
    return _requirements("", [])


def missing_packages(lines: Iterable[str], path: list[str]) -> list[str]:
    """The names of packages that are in no folder of the path; none where the path is empty and nothing can be told.

    What is there counts whatever its version. A line with a marker may not apply, and is passed over.
    """
    wanted = [named["name"] for line in lines if ";" not in line and (named := _NAME.match(line))]
    return [name for name in wanted if path and not _is_there(name, path)]


def _is_there(name: str, path: list[str]) -> bool:
    return next(iter(Distribution.discover(name=name, path=path)), None) is not None


def _requirements(source: str, found: list[Line]) -> Requirements:
    left = [line for line in found if not _OURS.match(line.text)]
    kept = tuple(line.text for line in left)
    digest = hashlib.sha256("\n".join(kept).encode())
    for line in kept:
        constraints = _OTHER_FILE.match(line)
        if constraints and Path(_named(constraints)).is_file():
            digest.update(read_file(Path(_named(constraints))))
    places = tuple(line.place for line in left)
    return Requirements(source, kept, places, len(kept) < len(found), digest.hexdigest())


def _lines(file: Path, root: Path, within: tuple[Path, ...]) -> list[Line]:
    """The lines of a file that say something, those of the files that it includes in their place."""
    found: list[Line] = []
    text, begin = _read(file, root), 1
    for match in _WHOLE_LINE.finditer(text):
        number, begin = begin, begin + match[0].count("\n")
        line = _CONTINUED.sub(" ", match[0]).strip()
        other = _OTHER_FILE.match(line)
        if not line or line.startswith("#"):
            continue
        if other is None or "://" in other["file"]:
            found.append(Line(line, f"{_shown(file, root)}:{number}"))
            continue
        named = (file.parent / _named(other)).resolve()
        if other[1] in ("-c", "--constraint"):
            found.append(Line(f'-c "{named}"', f"{_shown(file, root)}:{number}"))
        elif named not in (*within, file):
            found += _lines(named, root, (*within, file))
    return found


def _named(other: re.Match[str]) -> str:
    return other["file"].strip("\"'")


def _dependencies(file: Path) -> list[Line]:
    try:
        project = tomllib.loads(_read(file, file.parent)).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise RunnerFault(f"{file.name} is not valid TOML: {error}") from error
    found = project.get("dependencies", []) if isinstance(project, dict) else None
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise RunnerFault(f"{file.name}: project.dependencies must be a list of strings")
    return [Line(" ".join(line.split()), file.name) for line in found]


def _is_there_at_all(file: Path) -> bool:
    """True as well for what is no regular file, so that reading it says so."""
    return file.exists() and not file.is_dir()


def _shown(file: Path, root: Path) -> Path:
    return file.relative_to(root) if file.is_relative_to(root) else file


def _read(file: Path, root: Path) -> str:
    name = _shown(file, root)
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunnerFault(f"{name} is not UTF-8", f"save {name} as UTF-8") from error
    except OSError as error:
        raise RunnerFault(f"{name} cannot be read: {error.strerror}") from error
