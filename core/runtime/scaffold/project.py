"""A template and a folder -> a project, written as a whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

from runtime.errors import RuntimeFault
from runtime.scaffold.templates import Template

MAX_NAME = 100
"""Characters in the name of a project."""
HERE = "."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FOREIGN = frozenset({"__pycache__", "node_modules", "python_modules", "site-packages", "venv"})
"""Names under which tools keep what is no project: npm refuses some, and others pass the folder over."""
_NAMELESS = "project"
"""The package's name where nothing of the folder's can be."""
_IGNORES = ".gitignore"
_HARMLESS = frozenset(
    {
        ".DS_Store",
        ".git",
        ".gitattributes",
        ".github",
        _IGNORES,
        ".hg",
        ".idea",
        ".runtime",
        ".venv",
        "LICENSE",
        "Thumbs.db",
    }
)
"""What may be in a folder that a project is made in: none of it is written over."""
_SHOWN = 3


def project_folder(name: str, here: Path) -> Path:
    """Where a project of this name goes: `.` is the folder `here` itself.

    Raises `RuntimeFault` for a name that is not fit for a folder and a package.
    """
    plain = name.rstrip("/\\") if name.strip("/\\") else name
    if plain == HERE:
        return here
    if not plain:
        raise RuntimeFault("a project needs a name", "write one, or . for the current folder")
    if not _NAME.fullmatch(plain) or len(plain) > MAX_NAME:
        raise RuntimeFault(
            f"'{name}' is no name for a project",
            f"write letters, digits, '-', '_' and '.', at most {MAX_NAME}, beginning with a letter or digit; "
            "for another place, go there first",
        )
    if plain.lower() in _FOREIGN:
        raise RuntimeFault(
            f"a project cannot be called '{plain}': tools keep their own files in such folders", "write another name"
        )
    return here / plain


def check_folder(folder: Path) -> None:
    """Raises `RuntimeFault` where something is in the way of a project, naming it."""
    try:
        found = sorted(path.name for path in folder.iterdir() if path.name not in _HARMLESS)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RuntimeFault(f"{folder} cannot hold a project: {error.strerror}", "choose another name") from error
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise RuntimeFault(
            f"{folder} is not empty: {', '.join(found[:_SHOWN])}{more}",
            "choose another name, or move away what is in it",
        )


def write_project(template: Template, folder: Path) -> None:
    """Makes the folder where there is none and fills it; what fails or is interrupted leaves nothing behind.

    Where the template says its own name, the project says the folder's. Raises `RuntimeFault` for a folder that is
    not empty or cannot be written.
    """
    check_folder(folder)
    made: list[Path] = []
    try:
        for file in template.files():
            _make_folders((folder / file).parent, made)
            text = (template.folder / file).read_text(encoding="utf-8")
            if file.name == _IGNORES and (folder / file).exists():
                continue
            made.append(folder / file)
            (folder / file).write_text(_renamed(text, template, file, folder.name), encoding="utf-8", newline="\n")
        _ignore(template, folder)
    except BaseException as error:
        _remove(made)
        if isinstance(error, OSError):
            if error.filename == str(folder / _IGNORES):  # the one file that is there before and has to be added to
                fix = "make it a file that you may read and write, or move it away"
                raise RuntimeFault(f"{error.filename} cannot be added to: {error.strerror}", fix) from error
            raise RuntimeFault(f"{folder} cannot be written: {error.strerror}", "choose another place") from error
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    if not folder.exists():
        _make_folders(folder.parent, made)
        made.append(folder)
        folder.mkdir()


def _renamed(text: str, template: Template, file: Path, name: str) -> str:
    return text.replace(template.name, _package_name(name) if file.name == "package.json" else name)


def _package_name(name: str) -> str:
    """The name as npm wants it: in small letters, made of what an address may be made of."""
    fit = re.sub(r"[^a-z0-9._-]+", "-", name.lower())[:MAX_NAME].strip("-._")
    return fit if fit and fit not in _FOREIGN else _NAMELESS


def _ignore(template: Template, folder: Path) -> None:
    """Adds to a `.gitignore` that was there what it lacks."""
    file = folder / _IGNORES
    before = file.read_text(encoding="utf-8", errors="surrogateescape")
    lines = (template.folder / _IGNORES).read_text(encoding="utf-8").splitlines(keepends=True)
    missing = "".join(line for line in lines if line.strip() not in before.splitlines())
    if missing:
        gap = "" if not before or before.endswith("\n") else "\n"
        file.write_text(f"{before}{gap}{missing}", encoding="utf-8", errors="surrogateescape", newline="\n")


def _remove(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
