"""The Python packages that a project asks for: `requirements.txt`, else `pyproject.toml`."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from runtime.errors import RunnerFault

_CONTINUED = re.compile(r"\\\r?\n")
_OTHER_FILE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?=[^-\s]))(?P<file>[^#]*[^#\s])")
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(\[[^]]*\])?\s*($|[#;@=<>!~(])")
_OPTION = re.compile(r"--?(?!e\b|editable\b)[a-z]")
"""The beginning of a line that says how to install, not what."""
_OURS = re.compile(r"motia\s*(\[[^]]*\])?\s*($|[#;@=<>!~])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What to install, in the form of a requirements file without references to others of its kind."""

    source: str
    """The file that it comes from, relative to the project root; empty when there is none."""
    lines: tuple[str, ...]
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
    if (root / "requirements.txt").is_file():
        return _requirements("requirements.txt", _lines((root / "requirements.txt").resolve(), root.resolve(), ()))
    if (root / "pyproject.toml").is_file():
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


def _requirements(source: str, found: list[str]) -> Requirements:
    kept = tuple(line for line in found if not _OURS.match(line))
    digest = hashlib.sha256("\n".join(kept).encode())
    for line in kept:
        constraints = _OTHER_FILE.match(line)
        if constraints and Path(_named(constraints)).is_file():
            digest.update(Path(_named(constraints)).read_bytes())
    return Requirements(source, kept, len(kept) < len(found), digest.hexdigest())


def _lines(file: Path, root: Path, within: tuple[Path, ...]) -> list[str]:
    """The lines of a file that say something, those of the files that it includes in their place."""
    found: list[str] = []
    for line in _CONTINUED.sub(" ", _read(file, root)).splitlines():
        line = line.strip()
        other = _OTHER_FILE.match(line)
        if not line or line.startswith("#"):
            continue
        if other is None or "://" in other["file"]:
            found.append(line)
            continue
        named = (file.parent / _named(other)).resolve()
        if other[1] in ("-c", "--constraint"):
            found.append(f'-c "{named}"')
        elif named not in (*within, file):
            found += _lines(named, root, (*within, file))
    return found


def _named(other: re.Match[str]) -> str:
    return other["file"].strip("\"'")


def _dependencies(file: Path) -> list[str]:
    try:
        project = tomllib.loads(_read(file, file.parent)).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise RunnerFault(f"{file.name} is not valid TOML: {error}") from error
    found = project.get("dependencies", []) if isinstance(project, dict) else None
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise RunnerFault(f"{file.name}: project.dependencies must be a list of strings")
    return list(_one_line_each(found))


def _one_line_each(found: list[str]) -> Iterator[str]:
    return (" ".join(line.split()) for line in found)


def _read(file: Path, root: Path) -> str:
    name = file.relative_to(root) if file.is_relative_to(root) else file
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunnerFault(f"{name} is not UTF-8", f"save {name} as UTF-8") from error
    except OSError as error:
        raise RunnerFault(f"{name} cannot be read: {error.strerror}") from error
