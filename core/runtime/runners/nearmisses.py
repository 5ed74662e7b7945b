"""Files that look as if they were meant to be steps and are called otherwise, so that nobody runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from runtime.model import Problem, Severity
from runtime.runners.discovery import SOURCE_FOLDERS, printable
from runtime.runners.manifest import InstalledRunner

_MOST_BYTES = 256 * 1024
"""A longer file is no step that somebody wrote."""
_LONGEST_LIST = 1000
"""Characters of a list of exports that are looked at."""
_ENDING = re.compile(r"(?:[-_. ]+(?=(?i:s))|(?<=[a-z0-9])(?=S))((?i:step|stream))(?i:s)?$")
"""How the stem of a step's or stream's file ends, or one that is nearly called so."""
_SIMILAR = {"tsx": "ts", "jsx": "js"}
_OTHER_LANGUAGES = frozenset(("rb", "go", "php", "java", "kt", "rs", "cs", "ex", "exs", "lua", "pl", "swift", "scala"))
_DECLARED = (
    r"(?:(?:export\s+)?(?:const|let|var|(?:async\s+)?function)\s+"  # TypeScript and JavaScript
    r"|(?:module\.)?exports\."  # CommonJS
    r"|(?:async\s+)?def\s+)?"  # Python and Ruby; without any word, Python
)


def _defined(name: str) -> re.Pattern[str]:
    """What defines a name at the top of a file."""
    listed = rf"(?:export|module\.exports\s*=)\s*\{{[^}}]{{0,{_LONGEST_LIST}}}\b{name}\b"
    return re.compile(rf"^(?:{_DECLARED}{name}\b\s*[:=(]|{listed})", re.MULTILINE | re.IGNORECASE)


_CONFIG, _HANDLER = _defined("config"), _defined("handler")
_KIND = re.compile(
    r"""\b(?:type["']?\s*(?::|=>?)\s*["'](?:api|event|cron|noop|state|stream)["']|triggers["']?\s*(?::|=>?)\s*\[)"""
)


def near_misses(root: Path, installed: Sequence[InstalledRunner], files: Sequence[str]) -> list[Problem]:
    """A warning for each file that is a step by its look and not by its name or place, in path order.

    `files` are those that were found in the source folders, in path order. Helpers are passed over: a file must define
    a config, and unless it is nearly called like a step or stream also a handler and a step's type.
    """
    taken = {_stem(file) for file in files if _is_taken(file, installed)}
    found = [_misnamed(root, file, installed) for file in files if _stem(file) not in taken]
    return [*_misplaced(root, installed), *(problem for problem in found if problem is not None)]


def _misplaced(root: Path, installed: Sequence[InstalledRunner]) -> Iterator[Problem]:
    """Steps in the root itself, and in folders that are nearly called like those that are searched."""
    wanted = " or ".join(f"{name}/" for name in SOURCE_FOLDERS)
    stray = [entry.name for entry in _entries(root) if entry.is_file() and _is_taken(entry.name, installed)]
    if stray:
        others = f" (so are {len(stray) - 1} others beside it)" if stray[1:] else ""
        message = f"it is called like a step{others} and stands outside of {wanted}, so it is ignored"
        yield _warning(stray[0], message, f"move it to {SOURCE_FOLDERS[0]}/{printable(stray[0])}")
    for entry in _entries(root):
        near = entry.name.lower().rstrip("s") in ("step", "src", "source") and entry.name not in SOURCE_FOLDERS
        if near and any(_is_taken(inner.name, installed) for inner in _entries(entry)):
            fix = f"rename the folder to {SOURCE_FOLDERS[0]}"
            yield _warning(f"{entry.name}/", f"there are steps in it, but only {wanted} are searched", fix)


def _misnamed(root: Path, file: str, installed: Sequence[InstalledRunner]) -> Problem | None:
    name = file.rpartition("/")[2]
    stem, _, extension = name.rpartition(".")
    ending = _ENDING.search(stem)
    pattern = _pattern(extension, ending[1].lower() if ending else "step", installed)
    if pattern is None:
        if ending and extension.lower() in _OTHER_LANGUAGES:
            message = f"it is called like a {ending[1].lower()}, but no runner that is on takes .{extension} files"
            return _warning(file, message, "add one under `runners` in runtime.yaml, or rename the file")
        return None
    text = _text(root / file)
    if "config" not in text.lower():  # far quicker to see than that nothing defines it
        return None
    looks = _CONFIG.search(text) and (ending or (_HANDLER.search(text) and _KIND.search(text)))
    if not looks:
        return None
    base = stem[: ending.start()] if ending else stem
    fix = f"if it is one, rename it to {printable(pattern.replace('*', base))}"
    kind = ending[1].lower() if ending else "step"
    return _warning(file, f"it looks like a {kind} and is not called like one, so it is ignored", fix)


def _pattern(extension: str, kind: str, installed: Sequence[InstalledRunner]) -> str | None:
    """How a file of that extension must be called to be a step, or a stream; None where no runner takes any."""
    extension = extension.lower()
    wanted = f".{_SIMILAR.get(extension, extension)}"
    for runner in installed:
        patterns = runner.manifest.step_files if kind == "step" else runner.manifest.stream_files
        if fitting := [pattern for pattern in patterns if pattern.endswith(wanted)]:
            return fitting[0]
    return None


def _is_taken(file: str, installed: Sequence[InstalledRunner]) -> bool:
    name = file.rpartition("/")[2]
    return any(runner.takes_step(name) or runner.takes_stream(name) for runner in installed)


def _stem(file: str) -> str:
    """The path without its extension: a step and its Workbench node have it in common."""
    return file.rpartition(".")[0]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _warning(file: str, message: str, fix: str) -> Problem:
    return Problem(printable(file), message, fix, severity=Severity.WARNING)
